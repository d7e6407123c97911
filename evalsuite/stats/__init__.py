"""Statistics as pure functions: arrays in, frozen values out, nothing imported from the rest of evalsuite."""
