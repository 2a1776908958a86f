// Package store keeps on disk what the chat must not lose. A [Store] commits
// records and answers questions about them; a [Writer] stands before one, takes
// records without ever blocking, and commits what has come together at once.
//
// Acknowledged means on disk: Commit returns when the records would survive a
// power failure, and no done callback of the Writer is called with nil before.
//
// The stores are in store/sqlite (the default) and store/memory; store/storetest
// holds what both must do.
package store
