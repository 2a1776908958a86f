package main

import (
	"errors"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/texts"
)

// language returns the user's language: that of --language, or else that of the first of the
// variables of POSIX for messages (XBD, section 8.2) that is set.
func language(o *options, env func(name string) string) *texts.Language {
	if o.language != "" {
		return texts.Choose(o.language)
	}
	if env == nil {
		return texts.Choose()
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := env(name); locale != "" {
			return texts.Choose(locale)
		}
	}
	return texts.Choose()
}

// explain returns an error in words for the user, if it is the server's or has words of its own.
func explain(l *texts.Language, err error) error {
	if f, ok := errors.AsType[client.Failure](err); ok {
		return errors.New(chatclient.ReasonIn(l, f))
	}
	for _, known := range []error{chatclient.ErrUnacknowledged, chatclient.ErrUnanswered, chatclient.ErrUnknownOutcome, client.ErrPassword} {
		if errors.Is(err, known) {
			return errors.New(chatclient.ReasonIn(l, known))
		}
	}
	return err
}
