package bcapi

import (
	"errors"
	"strings"
	"testing"
)

func TestNewRefusesSettings(t *testing.T) {
	const good = "https://api.bigcommerce.com"
	tests := []struct {
		name, url, hash, token string
		setting, problem       string // "" for none
	}{
		{"all good", good, "abc123", "t0ken", "", ""},
		{"default url", "", "abc123", "t0ken", "", ""},
		{"no hash", good, "", "t0ken", "store-hash", "not set"},
		{"blank hash", good, " \t", "t0ken", "store-hash", "not set"},
		{"slash", good, "abc/def", "t0ken", "store-hash", "slashes"},
		{"whole path", good, "https://api.bigcommerce.com/stores/abc/v3", "t0ken", "store-hash", "slashes"},
		{"upper case", good, "ABC", "t0ken", "store-hash", "lower case"},
		{"dots", good, "..", "t0ken", "store-hash", "letters"},
		{"space around", good, " abc ", "t0ken", "store-hash", "letters"},
		{"other letters", good, "abcé", "t0ken", "store-hash", "letters"},
		{"no token", good, "abc123", "", "access-token", "not set"},
		{"blank token", good, "abc123", "  ", "access-token", "not set"},
		{"token with newline", good, "abc123", "t0ken\n", "access-token", "white space"},
		{"token with space", good, "abc123", "t0 ken", "access-token", "white space"},
		{"token not ASCII", good, "abc123", "t0kén", "access-token", "character"},
		{"no scheme", "api.bigcommerce.com", "abc123", "t0ken", "api-url", "https://"},
		{"other scheme", "ftp://api.bigcommerce.com", "abc123", "t0ken", "api-url", "https://"},
		{"plain http", "http://api.bigcommerce.com", "abc123", "t0ken", "api-url", "loopback"},
		{"looks like loopback", "http://127.0.0.1.example.com", "abc123", "t0ken", "api-url", "loopback"},
		{"localhost subdomain", "http://localhost.example.com", "abc123", "t0ken", "api-url", "loopback"},
		{"all interfaces", "http://0.0.0.0:80", "abc123", "t0ken", "api-url", "loopback"},
		{"user", "https://user:s3cretpw@api.bigcommerce.com", "abc123", "t0ken", "api-url", "user name"},
		{"query", good + "?a=b", "abc123", "t0ken", "api-url", "query"},
		{"empty query", good + "?", "abc123", "t0ken", "api-url", "query"},
		{"fragment", good + "#a", "abc123", "t0ken", "api-url", "fragment"},
		{"empty fragment", good + "#", "abc123", "t0ken", "api-url", "fragment"},
		{"no host", "https:///x", "abc123", "t0ken", "api-url", "host"},
		{"dots in path", good + "/a/../b", "abc123", "t0ken", "api-url", ".."},
		{"escaped dots in path", good + "/a/%2e%2e/b", "abc123", "t0ken", "api-url", ".."},
		{"not a URL", "https://user:s3cretpw@host:port", "abc123", "t0ken", "api-url", "not a URL"},
		{"base path", good + "/proxy/bc/", "abc123", "t0ken", "", ""},
		{"loopback", "http://127.9.9.9:8025", "abc123", "t0ken", "", ""},
		{"loopback v6", "http://[::1]:8025", "abc123", "t0ken", "", ""},
		{"localhost", "http://LocalHost:8025", "abc123", "t0ken", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Config{APIURL: tt.url, StoreHash: tt.hash, AccessToken: Secret(tt.token)})
			if tt.setting == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var bad *ConfigError
			if !errors.As(err, &bad) || bad.Setting != tt.setting || !strings.Contains(bad.Problem, tt.problem) {
				t.Fatalf("got %v, want %s ... %s", err, tt.setting, tt.problem)
			}
			if strings.Contains(err.Error(), "t0k") || strings.Contains(err.Error(), "s3cretpw") {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func TestEveryProblemIsListed(t *testing.T) {
	var settings []string
	for _, problem := range (Config{APIURL: "ftp://x", StoreHash: "A B"}).Problems() {
		settings = append(settings, problem.Setting)
	}
	if got := strings.Join(settings, " "); got != "store-hash access-token api-url" {
		t.Errorf("problems with: %s", got)
	}
	if problems := (Config{StoreHash: "abc123", AccessToken: "t0ken"}).Problems(); len(problems) != 0 {
		t.Errorf("problems without any: %v", problems)
	}
}

func TestStoreMode(t *testing.T) {
	for url, want := range map[string]Mode{
		"https://api.bigcommerce.com": ModeLive,
		"http://localhost:1":          ModeSandbox,
		"https://127.0.0.1":           ModeSandbox,
		"http://[::1]":                ModeSandbox,
	} {
		if got := dial(t, url).Store(); got != (Store{Hash: "abc123", Mode: want}) {
			t.Errorf("%s: %+v", url, got)
		}
	}
}

func TestBasePathIsKept(t *testing.T) {
	client := dial(t, "https://api.bigcommerce.com/a%2Fb//")
	if want := "https://api.bigcommerce.com/a%2Fb/stores/abc123/v3"; client.prefix != want {
		t.Errorf("prefix %s, want %s", client.prefix, want)
	}
}
