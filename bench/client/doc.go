// Package client has the compared ways to call an MDS: mds.Caller, and what a user
// would write with other libraries. All get the same addresses, open at most
// Connections to each, and encode and decode with package zbs.
//
// The other clients are set up as their documentation shows, with the bounds that a
// user of this storage would choose. Each file says what its client leaves at the
// default.
package client
