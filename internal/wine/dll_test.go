package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"testing"
)

// The end-to-end tests show whether Wine accepts it.
func TestTheLibraryForwardsItsOneExport(t *testing.T) {
	f, err := pe.NewFile(bytes.NewReader(forwarder()))
	if err != nil {
		t.Fatal(err)
	}
	if f.Machine != pe.IMAGE_FILE_MACHINE_AMD64 || f.Characteristics&pe.IMAGE_FILE_DLL == 0 || len(f.Sections) != 1 {
		t.Fatalf("machine %#x, flags %#x, %d sections", f.Machine, f.Characteristics, len(f.Sections))
	}
	data, err := f.Sections[0].Data()
	if err != nil {
		t.Fatal(err)
	}
	base := f.Sections[0].VirtualAddress
	number := func(at uint32) uint32 { return binary.LittleEndian.Uint32(data[at:]) }
	text := func(at uint32) string {
		s, _, _ := bytes.Cut(data[at-base:], []byte{0})
		return string(s)
	}
	const name, addresses, names = 12, 28, 32
	forward := number(number(addresses) - base)
	directory := f.OptionalHeader.(*pe.OptionalHeader64).DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT]
	if forward < directory.VirtualAddress || forward >= directory.VirtualAddress+directory.Size {
		t.Errorf("the export is at %#x, outside the export table, and so no forwarder", forward)
	}
	if text(number(name)) != dllName || text(number(number(names)-base)) != export || text(forward) != provider {
		t.Errorf("%q exports %q from %q", text(number(name)), text(number(number(names)-base)), text(forward))
	}
}
