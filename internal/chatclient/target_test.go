package chatclient_test

import (
	"testing"

	"github.com/sudoXpg/netloop/internal/chatclient"
)

func TestTargetsAreRead(t *testing.T) {
	for text, want := range map[string]chatclient.Target{
		"localhost":                     {Host: "localhost"},
		"chat.example:8000":             {Host: "chat.example", Port: 8000},
		"alice@chat.example":            {Host: "chat.example", Name: "alice"},
		"alice@chat.example:8000/#tea":  {Host: "chat.example", Port: 8000, Name: "alice", Room: "#tea"},
		"chat.example/tea":              {Host: "chat.example", Room: "#tea"},
		"chat.example/":                 {Host: "chat.example"},
		"tls://chat.example":            {Host: "chat.example", Scheme: "tls"},
		"tcp://alice@127.0.0.1:1/#a":    {Host: "127.0.0.1", Port: 1, Name: "alice", Room: "#a", Scheme: "tcp"},
		"::1":                           {Host: "::1"},
		"alice@::1":                     {Host: "::1", Name: "alice"},
		"[::1]":                         {Host: "::1"},
		"[::1]:8000":                    {Host: "::1", Port: 8000},
		"fe80::1%eth0":                  {Host: "fe80::1%eth0"},
		"[fe80::1%eth0]:8000":           {Host: "fe80::1%eth0", Port: 8000},
		"tls://alice@[2001:db8::1]/tea": {Host: "2001:db8::1", Name: "alice", Room: "#tea", Scheme: "tls"},
		"ws://chat.example":             {Host: "chat.example", Scheme: "ws"},
		"wss://alice@chat.example:443/#tea": {
			Host: "chat.example", Port: 443, Name: "alice", Room: "#tea", Scheme: "wss",
		},
		"wss://chat.example/ws":  {Host: "chat.example", Scheme: "wss"}, // as in a browser
		"wss://chat.example/#ws": {Host: "chat.example", Scheme: "wss", Room: "#ws"},
		"tls://chat.example/ws":  {Host: "chat.example", Scheme: "tls", Room: "#ws"},
		"alice@MÜLLER.example:1": {Host: "xn--mller-kva.example", Port: 1, Name: "alice"},
		"例え.jp":                  {Host: "xn--r8jz45g.jp"},
	} {
		got, err := chatclient.ParseTarget(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
		if again, err := chatclient.ParseTarget(got.String()); err != nil || again != want {
			t.Errorf("%s: %s is %+v, %v", text, got, again, err)
		}
	}
}

func TestWrongTargetsAreRefused(t *testing.T) {
	for _, text := range []string{
		"", ":9034", "@host", "host:", "host:0", "host:65536", "host:http", "host:-1", "a:b:c", "::1:9034:x", "[::1", "host/#",
		"ws://", "wss://host/#", "http://host", "https://host", "ftp://host", "://host", "a b", "host\x1b[31m", "alice@",
		"\u202emoc.elpmaxe", "a\xffb", "ü_.example", "x\u0308\u200d.example",
	} {
		if got, err := chatclient.ParseTarget(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
