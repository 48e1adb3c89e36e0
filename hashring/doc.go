// Package hashring says which node owns a key, and in which order the others follow.
package hashring
