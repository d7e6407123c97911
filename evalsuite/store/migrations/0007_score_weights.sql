-- For how much a sample counts where samples differ in size: tokens of a text, say.
ALTER TABLE scores ADD COLUMN weight DOUBLE;
