package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/nearest"
	"github.com/sudoXpg/netloop/internal/osutil"
)

// serviceName is the server's name for the service control manager of Windows.
const serviceName = "chatsrv"

// runAction is the argument with which the service control manager starts the program.
const runAction = "run"

// servicePatience is how long a service may take to start, or to stop after --grace.
const servicePatience = time.Minute

// serviceActions are what can be done with the service.
var serviceActions = []struct {
	name, done string
	do         func(osutil.Service, config.Config) error
}{
	{"install", "installed", installService},
	{"remove", "removed", func(s osutil.Service, _ config.Config) error { return s.Remove() }},
	{"start", "started", startService},
	{"stop", "stopped", func(s osutil.Service, c config.Config) error { return s.Stop(c.Grace + servicePatience) }},
}

// service makes the service control manager carry out an action. A service is
// started with the flags that it was installed with.
func (p program) service(args []string) error {
	if len(args) > 0 && args[0] == runAction {
		return p.runService(args[1:])
	}
	// The variables of this console are not those of the service.
	s, words, err := config.LoadWords(args, func(string) (string, bool) { return "", false })
	switch {
	case err != nil:
		return err
	case s.Config.Help:
		return p.help([]string{"service"})
	case len(words) != 1:
		return &config.UsageError{Problem: serviceUsage}
	}
	var names []string
	for _, a := range serviceActions {
		names = append(names, a.name)
		if a.name != words[0] {
			continue
		}
		service := osutil.Service{
			Name: serviceName, Description: "Chat for telnet and nc", Args: append([]string{"service", runAction}, s.Flags()...),
		}
		if err := a.do(service, s.Config); err != nil {
			return failure{err}
		}
		_, err := fmt.Fprintf(p.stdout, "the service %s is %s\n", serviceName, a.done)
		return err
	}
	hint := serviceUsage
	if near, ok := nearest.Find(words[0], names); ok {
		hint = "did you mean " + near + "?"
	}
	return &config.UsageError{Problem: fmt.Sprintf("unknown service action %q (%s)", words[0], hint)}
}

const serviceUsage = "usage: chatsrv service install|remove|start|stop [flags]"

// runService runs the server as a service.
func (p program) runService(flags []string) error {
	code := 0
	err := osutil.RunService(func(stop <-chan os.Signal, ready func()) int {
		p.signals, p.stdin, p.ready = stop, nil, ready
		code = p.run(flags)
		return code
	})
	if err == nil && code != 0 {
		err = errSaid
	}
	return err
}

func installService(s osutil.Service, c config.Config) error {
	if err := errors.Join(suitsService(c), preflight(c)); err != nil {
		return err
	}
	return s.Install()
}

// startService starts the service. Its errors say how to find the cause, because
// the output of the service is not visible.
func startService(s osutil.Service, _ config.Config) error {
	err := s.Start(servicePatience)
	if ended, ok := errors.AsType[*osutil.ServiceEndedError](err); ok {
		check := strings.Replace(ended.Command, " service "+runAction, " check", 1)
		return fmt.Errorf("%w (the end of its log says why, or this: %s)", err, check)
	}
	return err
}

// suitsService returns an error for settings that a service can't use: it has no
// standard error, and starts in another folder.
func suitsService(c config.Config) error {
	var errs []error
	if c.LogFile == "" {
		errs = append(errs, errors.New("a service has no standard error: name a --log-file"))
	}
	for _, flag := range []struct{ name, path string }{
		{"config", c.File}, {"log-file", c.LogFile}, {"data", c.Data}, {"words", c.Words}, {"chatlog", c.ChatLog},
	} {
		if flag.path != "" && flag.path != config.DataNone && !filepath.IsAbs(flag.path) {
			errs = append(errs, fmt.Errorf("--%s: a service starts in another folder: give the whole path of %q", flag.name, flag.path))
		}
	}
	return errors.Join(errs...)
}
