package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// maxFile is the longest that a file may be.
const maxFile = 512 << 10

// site returns the Site of the embedded files.
func site(t *testing.T) *Site {
	t.Helper()
	s, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get asks for a path. fields are pairs of names and values.
func get(t *testing.T, s *Site, target string, fields ...string) (status int, header http.Header, body string) {
	t.Helper()
	q := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for pair := range slices.Chunk(fields, 2) {
		q.Header.Set(pair[0], pair[1])
	}
	a := s.Answer(q)
	header = make(http.Header)
	for _, f := range a.Fields {
		name, value, ok := strings.Cut(f, ": ")
		if !ok {
			t.Errorf("%s: the field %q has no value", target, f)
		}
		header.Add(name, value)
	}
	return a.Status, header, string(a.Body)
}

// folder returns the folder of the files, without a slash at its end.
func folder(t *testing.T, s *Site) string {
	t.Helper()
	_, _, page := get(t, s, "/")
	found := regexp.MustCompile(`src="(/[\w-]+)/main\.js"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("the page does not load main.js: %s", page)
	}
	return found[1]
}

func TestEveryFileHasItsTypeAndIsSmall(t *testing.T) {
	s := site(t)
	base := folder(t, s)
	for name, f := range s.files {
		status, header, body := get(t, s, name)
		if status != http.StatusOK || len(body) == 0 {
			t.Errorf("%s: status %d, %d bytes", name, status, len(body))
		}
		if len(body) >= maxFile {
			t.Errorf("%s has %d bytes", name, len(body))
		}
		want := types[path.Ext(name)]
		if name == "/" {
			want = types[".html"]
		}
		if got := header.Get("Content-Type"); want == "" || got != want {
			t.Errorf("%s: type %q, want %q", name, got, want)
		}
		for _, field := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"} {
			if header.Get(field) == "" {
				t.Errorf("%s: no %s", name, field)
			}
		}
		kept := strings.Contains(header.Get("Cache-Control"), "immutable")
		if below := strings.HasPrefix(name, base+"/"); kept != below {
			t.Errorf("%s: Cache-Control %q", name, header.Get("Cache-Control"))
		}
		if bytes.Contains(f.body, []byte(assets)) {
			t.Errorf("%s has %s in it", name, assets)
		}
	}
}

func TestTheServiceWorkerIsAtTheRoot(t *testing.T) {
	s := site(t)
	status, header, body := get(t, s, "/"+worker)
	if status != http.StatusOK || header.Get("Cache-Control") != "no-cache" {
		t.Errorf("status %d, Cache-Control %q", status, header.Get("Cache-Control"))
	}
	base := folder(t, s)
	if !strings.Contains(body, "'"+base+"'") {
		t.Errorf("the service worker does not know %s", base)
	}
	list := regexp.MustCompile(`files = '([^']+)'`).FindStringSubmatch(body)
	if list == nil {
		t.Fatal("the service worker has no list of files")
	}
	for name := range strings.SplitSeq(list[1], " ") {
		if status, _, _ := get(t, s, base+"/"+name); status != http.StatusOK {
			t.Errorf("the service worker stores %s: status %d", name, status)
		}
	}
	for _, name := range []string{worker, "index.html"} {
		if status, _, _ := get(t, s, base+"/"+name); status != http.StatusNotFound {
			t.Errorf("%s is in the folder, too: status %d", name, status)
		}
	}
}

func TestAFileThatTheBrowserHasIsNotSentAgain(t *testing.T) {
	s := site(t)
	for name := range s.files {
		for _, coding := range []string{"", "gzip"} {
			_, header, _ := get(t, s, name, "Accept-Encoding", coding)
			etag := header.Get("ETag")
			for _, known := range []string{etag, `"other", ` + etag} {
				status, header, body := get(t, s, name, "Accept-Encoding", coding, "If-None-Match", known)
				if status != http.StatusNotModified || body != "" || header.Get("ETag") != etag {
					t.Errorf("%s, %q: status %d, %d bytes, ETag %s", name, coding, status, len(body), header.Get("ETag"))
				}
			}
			if status, _, _ := get(t, s, name, "Accept-Encoding", coding, "If-None-Match", `"other"`); status != http.StatusOK {
				t.Errorf("%s, %q: status %d for another ETag", name, coding, status)
			}
		}
	}
}

func TestCompressedFilesAreTheSame(t *testing.T) {
	s := site(t)
	zipped := 0
	for name := range s.files {
		_, plain, want := get(t, s, name)
		_, header, body := get(t, s, name, "Accept-Encoding", "br, gzip;q=0.5")
		if header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: Vary %q", name, header.Get("Vary"))
		}
		if header.Get("Content-Encoding") == "" {
			continue
		}
		zipped++
		r, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != want || len(body) >= len(want) {
			t.Errorf("%s: %d bytes of %d, unpacked %d: %v", name, len(body), len(want), len(got), err)
		}
		if plain.Get("ETag") == header.Get("ETag") {
			t.Errorf("%s has one ETag for both", name)
		}
	}
	if zipped == 0 {
		t.Error("no file is compressed")
	}
	for _, refused := range []string{"", "br", "gzip;q=0", "gzip; q=0.000", "xgzip"} {
		if _, header, _ := get(t, s, "/", "Accept-Encoding", refused); header.Get("Content-Encoding") != "" {
			t.Errorf("compressed for Accept-Encoding %q", refused)
		}
	}
}

func TestAnUnknownPathIsNotFound(t *testing.T) {
	s := site(t)
	for _, name := range []string{"/index.html", "/main.js", "/x/main.js", "//", "/..", folder(t, s) + "/", folder(t, s) + "/none.js", "/test/room.test.mjs"} {
		q := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		q.URL.Path = name
		a := s.Answer(q)
		if a.Status != http.StatusNotFound || !strings.Contains(string(a.Body), "There is no page") {
			t.Errorf("%s: status %d", name, a.Status)
		}
		if !slices.Contains(a.Fields, always[0]) {
			t.Errorf("%s: no policy", name)
		}
	}
}

func TestTheFolderHasAnotherNameIfAFileChanges(t *testing.T) {
	of := func(script string) string {
		s, err := newSite(fstest.MapFS{
			"index.html": {Data: []byte(`<script src="` + assets + `/main.js">`)}, "main.js": {Data: []byte(script)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return folder(t, s)
	}
	one, again, two := of("1"), of("1"), of("2")
	if one != again || one == two {
		t.Errorf("%s, %s, %s", one, again, two)
	}
	if _, err := newSite(fstest.MapFS{}); err == nil {
		t.Error("a folder without index.html is a site")
	}
}

// comments are those of JavaScript and CSS that stand on lines of their own.
var comments = regexp.MustCompile(`(?m)^\s*(//|\*|/\*).*$`)

func TestNothingIsLoadedFromElsewhere(t *testing.T) {
	elsewhere := regexp.MustCompile(`(?i)(https?:|wss?:|["'(=])//[\w.-]+\.\w+`)
	for name, f := range site(t).files {
		if path.Ext(name) == ".png" {
			continue
		}
		text := comments.ReplaceAllString(string(f.body), "")
		text = strings.ReplaceAll(text, "http://www.w3.org/2000/svg", "") // the namespace
		if found := elsewhere.FindString(text); found != "" {
			t.Errorf("%s has %s", name, found)
		}
	}
}

func TestThePolicyIsKept(t *testing.T) {
	for name, f := range site(t).files {
		for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "<script>", "<style", " style="} {
			if path.Ext(name) != ".svg" && bytes.Contains(f.body, []byte(sink)) {
				t.Errorf("%s has %s", name, sink)
			}
		}
	}
}

// maxPage is the most that a browser loads to show the page in English, compressed, in as many
// requests. It reads the manifest later, to install the page.
const (
	maxPage     = 60 << 10
	maxRequests = 4
)

func TestThePageIsSmall(t *testing.T) {
	s := site(t)
	base := folder(t, s)
	_, _, page := get(t, s, "/")
	loaded := []string{"/"}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if m[1] != base+"/chat.webmanifest" {
			loaded = append(loaded, m[1])
		}
	}
	size := 0
	for _, name := range loaded {
		_, _, body := get(t, s, name, "Accept-Encoding", "gzip")
		size += len(body)
	}
	t.Logf("%d files with %d bytes", len(loaded), size)
	if size > maxPage || len(loaded) > maxRequests {
		t.Errorf("the page has %d files with %d bytes, more than %d with %d", len(loaded), size, maxRequests, maxPage)
	}
	if strings.Contains(page, "import") || bytes.Contains(s.files[base+"/"+script].body, []byte("Stimmrecht")) {
		t.Error("the page loads what is not needed in English")
	}
}

func TestEveryFileIsReachable(t *testing.T) {
	s := site(t)
	base := folder(t, s)
	reached := make(map[string]bool)
	for _, page := range []string{"/", base + "/chat.webmanifest", base + "/" + script} {
		for _, m := range regexp.MustCompile(`(?:href|src)"?[=:] ?"([^"]+)"|\bimport\('([^']+)'\)`).FindAllStringSubmatch(string(s.files[page].body), -1) {
			name := m[1] + m[2]
			if !strings.HasPrefix(name, "/") {
				name = path.Join(path.Dir(page), name)
			}
			if s.files[name] == nil {
				t.Errorf("%s refers to %s, which does not exist", page, name)
			}
			reached[name] = true
		}
	}
	for name := range s.files {
		if strings.HasPrefix(name, base) && !reached[name] {
			t.Errorf("nothing loads %s", name)
		}
	}
}

// Texts whose key is made of parts are checked by their beginning.
func TestEveryTextExists(t *testing.T) {
	s := site(t)
	table, err := embedded.ReadFile("page/texts.en.js")
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?:^|[\s,{])'?([\w.-]+)'?: ['"]`).FindAllStringSubmatch(string(table), -1) {
		known[m[1]] = true
	}
	used := regexp.MustCompile("\\bt\\((?:['`])([\\w.-]+)(['`]|\\$)")
	count := 0
	for name, f := range s.files {
		for _, m := range used.FindAllStringSubmatch(string(f.body), -1) {
			count++
			whole := m[2] != "$"
			some := false
			for k := range known {
				some = some || !whole && strings.HasPrefix(k, m[1])
			}
			if !known[m[1]] && !some {
				t.Errorf("%s uses the text %q, which does not exist", name, m[1])
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d uses of texts were found", count)
	}
}

func TestEveryFileOfThePageIsEmbedded(t *testing.T) {
	here := os.DirFS(".")
	if _, err := fs.Stat(here, "page"); err != nil {
		t.Skip("the source is not here")
	}
	err := fs.WalkDir(here, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_, err = fs.Stat(embedded, name)
		if source := path.Ext(name) == ".go"; source != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
