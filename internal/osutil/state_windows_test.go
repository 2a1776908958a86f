package osutil

import "testing"

func TestTheStateFolderIsWhereThePlatformKeepsState(t *testing.T) {
	const local, service, all = `C:\Users\u\AppData\Local`, `C:\Windows\ServiceProfiles\LocalService\AppData\Local`, `C:\ProgramData`
	for name, c := range map[string]struct{ local, all, want string }{
		"a user":              {local, all, local + `\chatsrv`},
		"a service":           {service, all, all + `\chatsrv`},
		"the system":          {`C:\Windows\System32\config\systemprofile\AppData\Local`, all, all + `\chatsrv`},
		"no profile":          {"", all, all + `\chatsrv`},
		"a relative folder":   {`AppData\Local`, all, all + `\chatsrv`},
		"neither is an error": {"", "", ""},
	} {
		env := map[string]string{"LOCALAPPDATA": c.local, "ProgramData": c.all}
		got, err := stateFolder("chatsrv", func(name string) string { return env[name] })
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}
