package bcapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const hidden = "hunter2-hunter2"
	secret := Secret(hidden)
	type holder struct {
		Name   string
		Token  Secret            `json:"token"`
		Listed []Secret          `json:"listed"`
		Mapped map[string]Secret `json:"mapped"`
		Ref    *Secret           `json:"ref"`
	}
	held := holder{"x", secret, []Secret{secret}, map[string]Secret{"k": secret}, &secret}
	client := dial(t, "https://api.example.com", func(c *Config) { c.AccessToken = secret })
	request := PaymentAccessToken{Token: secret}
	config := Config{AccessToken: secret}

	for _, value := range []any{secret, &secret, held, &held, client, *client, request, config, fmt.Errorf("wrapped: %v", secret)} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%.3s", "%t"} {
			if got := fmt.Sprintf(format, value); strings.Contains(got, "hunter2") || strings.Contains(got, fmt.Sprintf("%x", hidden)) {
				t.Errorf("%s of %T prints the secret: %s", format, value, got)
			}
		}
		text, err := json.Marshal(value)
		if err == nil && strings.Contains(string(text), "hunter2") {
			t.Errorf("JSON of %T holds the secret: %s", value, text)
		}
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", value, "g", slog.GroupValue(slog.Any("v", value)))
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", value)
		if strings.Contains(b.String(), "hunter2") {
			t.Errorf("the log of %T holds the secret: %s", value, b.String())
		}
	}
	if got := fmt.Sprintf("%v %+v %#v %s %q %d", secret, secret, secret, secret, secret, secret); got != strings.TrimSpace(strings.Repeat("[redacted] ", 6)) {
		t.Errorf("printed as %s", got)
	}
	if text, _ := json.Marshal([]Secret{secret}); string(text) != `["[redacted]"]` {
		t.Errorf("marshalled as %s", text)
	}
	if secret.LogValue().String() != redacted || secret.String() != redacted || secret.GoString() != redacted {
		t.Error("LogValue, String or GoString gives the secret")
	}
	if secret.Reveal() != hidden {
		t.Error("Reveal does not give the secret")
	}
}
