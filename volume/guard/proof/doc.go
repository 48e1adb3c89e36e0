// Package proof derives the verdict on a volume from evidence. It does no I/O, and has no
// import path to anything that does.
package proof
