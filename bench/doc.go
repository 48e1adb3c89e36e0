// Package bench compares hashring and mds with other libraries. It is a module of
// its own, so these libraries never become dependencies of ours. README.md has the
// command for each table and says what its numbers mean.
package bench
