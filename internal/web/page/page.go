// Package page has those files of the browser client that the terminal client reads, too: the
// tables of texts and emoji. Package web has all files.
package page

import "embed"

// Tables are texts.en.js, texts.de.js, messages.de.js and emoji.js.
//
//go:embed texts.en.js texts.de.js messages.de.js emoji.js
var Tables embed.FS
