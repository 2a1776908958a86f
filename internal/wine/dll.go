package main

import (
	"bytes"
	"encoding/binary"
)

// The name of the library, the function that Go needs from it, and its
// implementation: RtlGenRandom, under its exported name.
const (
	dllName  = "bcryptprimitives.dll"
	export   = "ProcessPrng"
	provider = "ADVAPI32.SystemFunction036"
)

// The layout of the file and of memory. There is one section.
const (
	fileAlignment   = 0x200
	memoryAlignment = 0x1000
	section         = memoryAlignment // its address
)

// forwarder returns a library for amd64 without any code: its one export is
// another library's function (Microsoft's "PE Format", sections 2, 3 and
// "Export Address Table").
func forwarder() []byte {
	exports := exportTable()
	var file bytes.Buffer
	file.Write(headers(len(exports)))
	file.Write(make([]byte, fileAlignment-file.Len()))
	file.Write(exports)
	file.Write(make([]byte, 2*fileAlignment-file.Len()))
	return file.Bytes()
}

// put appends values in the byte order of the format. Writing numbers to a buffer can't
// fail.
func put(b *bytes.Buffer, values ...any) {
	for _, v := range values {
		_ = binary.Write(b, binary.LittleEndian, v)
	}
}

// exportTable is the directory, its three tables of one entry each, and the names.
func exportTable() []byte {
	const (
		addresses = 40 // the length of the directory
		names     = addresses + 4
		ordinals  = names + 4
		text      = ordinals + 2
	)
	at := func(offset int) uint32 { return uint32(section + offset) }
	exportAt := text + len(dllName) + 1
	providerAt := exportAt + len(export) + 1

	var b bytes.Buffer
	put(&b, uint32(0), uint32(0), uint32(0)) // flags, time, version
	put(&b, at(text), uint32(1))             // name, first ordinal
	put(&b, uint32(1), uint32(1))            // addresses, names
	put(&b, at(addresses), at(names), at(ordinals))
	put(&b, at(providerAt)) // an address inside this section is a forwarder
	put(&b, at(exportAt), uint16(0))
	b.WriteString(dllName + "\x00" + export + "\x00" + provider + "\x00")
	return b.Bytes()
}

// headers returns the headers of the file, with the size of the one section.
func headers(size int) []byte {
	const (
		machineAMD64  = 0x8664
		flags         = 0x2022 // executable, large addresses, a library
		optionalSize  = 112 + 16*8
		pe32Plus      = 0x20B
		imageBase     = 0x1_8000_0000
		consoleSystem = 3
		dllFlags      = 0x0140 // no executable data, may be moved
		reserve       = 0x10_0000
		commit        = 0x1000
		initialData   = 0x4000_0040 // a section of readable data
		peAt          = 64
	)
	var b bytes.Buffer
	b.WriteString("MZ")
	b.Write(make([]byte, 58))
	put(&b, uint32(peAt))

	b.WriteString("PE\x00\x00")
	put(&b, uint16(machineAMD64), uint16(1), uint32(0), uint32(0), uint32(0), uint16(optionalSize), uint16(flags))

	put(&b, uint16(pe32Plus), uint16(0))
	put(&b, uint32(0), uint32(fileAlignment), uint32(0), uint32(0), uint32(0)) // code, data, bss, entry, code base
	put(&b, uint64(imageBase), uint32(memoryAlignment), uint32(fileAlignment))
	put(&b, uint16(6), uint16(0), uint16(0), uint16(0), uint16(6), uint16(0), uint32(0)) // versions
	put(&b, uint32(2*memoryAlignment), uint32(fileAlignment), uint32(0))                 // image, headers, checksum
	put(&b, uint16(consoleSystem), uint16(dllFlags))
	put(&b, uint64(reserve), uint64(commit), uint64(reserve), uint64(commit)) // stack, heap
	put(&b, uint32(0), uint32(16))
	put(&b, uint32(section), uint32(size)) // the export table is all of the section
	b.Write(make([]byte, 15*8))

	b.WriteString(".edata\x00\x00")
	put(&b, uint32(size), uint32(section), uint32(fileAlignment), uint32(fileAlignment))
	put(&b, uint32(0), uint32(0), uint32(0), uint32(initialData))
	return b.Bytes()
}
