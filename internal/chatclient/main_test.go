package chatclient_test

import (
	"os"
	"testing"

	"github.com/zalando/go-keyring"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	keyring.MockInit() // no test uses that of the system
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/none"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
