// Package tui is the full-screen mode of command chat, on Bubble Tea.
//
// A [Model] shows what internal/chatstate knows, and turns keys into requests to
// internal/client. Model.Update and Model.View are functions of messages: tests call them
// without a terminal.
//
// A scroll writes only the visible rows of a conversation, however long it is. All that comes
// from the server is cleaned by chatstate before it is shown.
package tui
