package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store"
)

// encode returns a document. Times are kept in UTC.
func encode(r chat.Record) (string, error) {
	data, err := json.Marshal(store.Normal(r))
	return string(data), err
}

// documents reads the documents in the first column of a query.
func documents[T any](k *conn, sql string, args ...any) ([]T, error) {
	var list []T
	var bad error
	err := k.rows(sql, func(s *stmt) bool {
		var v T
		if err := json.Unmarshal(s.ColumnRawText(0), &v); err != nil {
			bad = fmt.Errorf("%w: %w", store.ErrCorrupt, err)
			return false
		}
		list = append(list, v)
		return true
	}, args...)
	if err == nil {
		err = bad
	}
	return list, err
}
