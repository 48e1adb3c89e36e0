// Package client has the ways to call an MDS that are compared: mds.Caller, and
// what one would write with other libraries. All take the same addresses, open at
// most Connections to each, and encode and decode with package zbs.
//
// The others are set up as their documentation shows, with the bounds a user of
// this storage would choose: what each leaves at its default stands in its file.
package client
