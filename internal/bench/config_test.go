package bench

import (
	"strings"
	"testing"
	"time"
)

func validConfig() Config {
	return Config{Address: "127.0.0.1:9034", Mode: Closed, Login: LoginNone, Duration: time.Second}
}

func TestZeroFieldsGetTheirDefaults(t *testing.T) {
	c, err := validConfig().withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if c.Clients != 2 || c.Senders != 1 || c.InFlight != 1 || c.Size != 64 || c.Sample != 64 || c.Setup != time.Minute {
		t.Errorf("defaults: %+v", c)
	}
}

func TestAnInvalidConfigIsRefusedWithTheNameOfItsFlag(t *testing.T) {
	for flag, spoil := range map[string]func(*Config){
		"address:":    func(c *Config) { c.Address = "192.0.2.1:9034" },
		"address: ":   func(c *Config) { c.Address = "localhost:9034" },
		"mode":        func(c *Config) { c.Mode = "fast" },
		"login":       func(c *Config) { c.Login = "" },
		"clients":     func(c *Config) { c.Clients = MaxClients + 1 },
		"senders":     func(c *Config) { c.Clients, c.Stalled = 10, 9 },
		"inflight":    func(c *Config) { c.InFlight = -1 },
		"rate":        func(c *Config) { c.Mode = Open },
		"size":        func(c *Config) { c.Size = MinSize - 1 },
		"duration":    func(c *Config) { c.Duration = 0 },
		"apart":       func(c *Config) { c.Clients, c.Apart = MaxApart+1, true },
		"people":      func(c *Config) { c.People = -1 },
		"login: ":     func(c *Config) { c.Mode = Saved },
		"rooms":       func(c *Config) { c.Login, c.Rooms = LoginDefault, MaxRooms+1 },
		"rooms: ":     func(c *Config) { c.Login, c.Mode, c.Rooms = LoginDefault, Idle, 2 },
		"websocket":   func(c *Config) { c.WebSocket, c.Mode = true, Churn },
		"websocket: ": func(c *Config) { c.WebSocket, c.Login = true, LoginDefault },
		"deflate":     func(c *Config) { c.Deflate = true },
		"warmup":      func(c *Config) { c.Warmup = -1 },
	} {
		c := validConfig()
		spoil(&c)
		if _, err := c.withDefaults(); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(flag)) {
			t.Errorf("%s: error %v", flag, err)
		}
	}
}
