// Package chatstate is what a client knows of the chat, as a function of the events of
// internal/client: conversations with their messages, people, unread counts and read
// positions. It has no clock and does no I/O.
//
// Everything that comes from the server is cleaned before it is stored: it has no control
// characters but line ends and tabs, no escape sequences and no bidirectional overrides.
//
// The browser's counterpart is internal/web/page/state.js.
package chatstate
