package ws_test

import (
	"testing"

	"go.uber.org/goleak"
)

// netpoll's pollers live as long as the process.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/cloudwego/netpoll.(*defaultPoll).Wait"))
}
