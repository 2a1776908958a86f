package main

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/chatconfig"
)

// targetKey is the key of a profile that is no flag.
const targetKey = "target"

// lastTarget returns the file of the last target.
func lastTarget(folder string) chatclient.LastTarget {
	return chatclient.LastTarget{Path: filepath.Join(folder, "last")}
}

// keys returns the keys that the configuration file can have.
func keys() []chatconfig.Key {
	all := []chatconfig.Key{{Name: targetKey, Kind: chatconfig.Text, ProfileOnly: true}}
	for _, r := range table {
		if r.file == notInFile {
			continue
		}
		k := chatconfig.Key{Name: r.name, Path: r.path, ProfileOnly: r.file == inProfile}
		switch {
		case r.value == "N":
			k.Kind = chatconfig.Number
		case r.text != nil:
			k.Kind = chatconfig.Text
		}
		all = append(all, k)
	}
	return all
}

// readFile reads the configuration file and the target. An argument comes before the profile
// of the target, and that before the defaults.
func (o *options) readFile(folder string) error {
	config, err := o.openFile(folder)
	if err != nil {
		return &usageError{err.Error()}
	}
	values, err := o.readTarget(config.Profiles)
	if err != nil {
		return &usageError{err.Error()}
	}
	set := maps.Clone(o.typed)
	if o.profile == "" {
		o.noteTarget(set)
	}
	o.apply(values, set)
	if o.profile != "" {
		o.noteTarget(set)
	}
	o.apply(config.Defaults, set)
	return nil
}

// openFile reads the configuration file, if there is one.
func (o *options) openFile(folder string) (*chatconfig.Config, error) {
	path := o.config
	if path == "" {
		if folder == "" {
			return new(chatconfig.Config), nil
		}
		path = filepath.Join(folder, "config.toml")
	}
	config, err := chatconfig.Read(path, keys())
	if errors.Is(err, fs.ErrNotExist) && o.config == "" {
		return new(chatconfig.Config), nil
	}
	return config, err
}

// readTarget reads the target, and returns the values of its profile.
func (o *options) readTarget(profiles map[string]chatconfig.Values) (values chatconfig.Values, err error) {
	name, room, hasRoom := strings.Cut(o.word, "/")
	values, ok := profiles[name]
	if !ok {
		o.target, err = chatclient.ParseTarget(o.word)
		return nil, err
	}
	target, ok := values[targetKey]
	if !ok {
		return nil, errors.New("the profile " + name + " has no " + targetKey)
	}
	if o.target, err = chatclient.ParseTarget(target.Text); err != nil {
		return nil, errors.New(target.Place + ": " + targetKey + ": " + err.Error())
	}
	o.profile = name
	if hasRoom {
		typed, err := chatclient.ParseTarget("localhost/" + room)
		if err != nil {
			return nil, err
		}
		o.target.Room = typed.Room
	} else if o.send != "" || o.follow != "" {
		o.target.Room = "" // the flag has the room
	}
	if o.typed["port"] {
		o.target.Port = 0
	}
	switch t := &o.target; {
	case o.plainText && t.TLSOnly():
		t.Scheme = map[string]string{"tls": "tcp", "wss": "ws"}[t.Scheme]
	case o.tlsOnly && t.PlainText():
		t.Scheme = map[string]string{"tcp": "tls", "ws": "wss"}[t.Scheme]
	}
	return values, nil
}

// noteTarget notes what the target sets: no later place counts for that.
func (o *options) noteTarget(set map[string]bool) {
	set["port"] = set["port"] || o.target.Port != 0
	set["plain-text"] = set["plain-text"] || o.target.PlainText()
	set["tls-only"] = set["tls-only"] || o.target.TLSOnly()
}

// apply sets the values of the file that no earlier place has set.
func (o *options) apply(values chatconfig.Values, set map[string]bool) {
	var names []string
	for _, r := range table {
		v, ok := values[r.name]
		if !ok || set[r.name] || slices.ContainsFunc(r.rivals, func(rival string) bool { return set[rival] && o.isOn(rival) }) {
			continue
		}
		if r.flag != nil {
			*r.flag(o) = v.Text == "true"
		} else {
			*r.text(o) = v.Text
		}
		names = append(names, r.name)
	}
	for _, name := range names {
		set[name] = true
	}
}

// isOn reports whether a row that is set is no switch that is off.
func (o *options) isOn(name string) bool {
	switch name {
	case "plain-text":
		return o.plainText || o.target.PlainText()
	case "tls-only":
		return o.tlsOnly || o.target.TLSOnly()
	}
	i := slices.IndexFunc(table, func(r row) bool { return r.name == name })
	return table[i].flag == nil || *table[i].flag(o)
}

// remembered returns what to write into the file of the last target, or "" for nothing: what a
// target alone does not say belongs in a profile.
func (o *options) remembered() string {
	switch {
	case !o.talks(), o.again, o.typed["ca"], o.typed["known-servers"]:
		return ""
	case o.profile != "" && (o.typed["config"] || o.typed["tls-only"]):
		return ""
	case o.profile != "":
		return o.word
	}
	t := o.target
	if t.Scheme == "" {
		switch {
		case o.tlsOnly:
			t.Scheme = "tls"
		case o.plainText:
			t.Scheme = "tcp"
		}
	}
	return t.String()
}
