package osutil

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/internal/sock/socktest"
)

func TestOnlyTheOwnerAndAdministratorsCanUsePipesAndFolders(t *testing.T) {
	for name, flags := range map[string]string{"pipe": "", "folder": "OICI"} {
		sd, err := OwnersOnly(flags)
		if err != nil {
			t.Fatal(err)
		}
		closedToOthers(t, name, sd)
	}
}

func TestTheDataFolderIsCreatedForItsOwner(t *testing.T) {
	folder := filepath.Join(scratch(t), "a", "b")
	for range 2 {
		if err := MakeFolder(folder); err != nil {
			t.Fatal(err)
		}
	}
	sd, err := windows.GetNamedSecurityInfo(folder, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	if socktest.Wine() {
		t.Skipf("Wine keeps three modes, not lists: %v", sd)
	}
	closedToOthers(t, "folder", sd)
}

// closedToOthers checks that three accounts have access, and none by inheritance.
func closedToOthers(t *testing.T, name string, sd *windows.SECURITY_DESCRIPTOR) {
	t.Helper()
	dacl, _, err := sd.DACL()
	if err != nil {
		t.Fatal(err)
	}
	if dacl == nil || dacl.AceCount != 3 {
		t.Errorf("%s: %v lets in others than three", name, sd)
	}
	control, _, err := sd.Control()
	if err != nil || control&windows.SE_DACL_PROTECTED == 0 {
		t.Errorf("%s: %v, %v: rights could be inherited", name, sd, err)
	}
}
