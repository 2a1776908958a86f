// Package store stores the chat's records on disk. A [Store] commits records
// and answers queries; a [Writer] takes records for a Store without ever
// blocking, and commits them in batches.
//
// Acknowledged means on disk: Commit returns when the records would survive a
// power failure, and the Writer does not call a done callback with nil before
// that.
//
// The stores are in store/sqlite (the default) and store/memory; store/storetest
// tests both.
package store
