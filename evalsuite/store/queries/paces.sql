SELECT kind, entry, role, median(seconds) AS seconds FROM steps GROUP BY kind, entry, role
