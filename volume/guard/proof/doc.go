// Package proof derives the verdict on a volume from evidence, and nothing else:
// it asks nobody, opens nothing, and has no import path to anything that does.
package proof
