package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
)

func TestText(t *testing.T) {
	c := newClinic(t)
	var out bytes.Buffer
	if err := Text(t.Context(), c.Config, &out, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 20 || lines[19] != `The sandbox store "sandbox": 19 checks, 19 ok, 0 warnings, 0 failed, 0 skipped.` {
		t.Errorf("written:\n%s", &out)
	}
	if lines[8] != `ok      token                 accepted by the store "sandbox"` || strings.Contains(out.String(), "\x1b") {
		t.Errorf("written:\n%s", &out)
	}

	out.Reset()
	c.API.AccessToken = sandbox.ReadOnlyToken
	err := Text(t.Context(), c.Config, &out, true)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Failed != 2 || failed.All != 19 {
		t.Errorf("it ends with: %v", err)
	}
	for _, line := range []string{"\n\x1b[32mok    \x1b[0m  token", "\n\x1b[31mFAILED\x1b[0m  payment-tokens        may not mint", "\n        -> Make a new API account", "2 failed"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is not in:\n%s", line, &out)
		}
	}
}

// TestLinesComeAsTheyAreMade: a person waits for the first calls with the checks
// of this machine already on the screen.
func TestLinesComeAsTheyAreMade(t *testing.T) {
	c := newClinic(t)
	var before int
	c.Show = func(check Check) {
		if check.Name == "import-dir" {
			before = len(c.requests())
		}
	}
	Run(t.Context(), c.Config)
	if before != 0 || len(c.requests()) == 0 {
		t.Errorf("%d calls were made before the last check of this machine was shown, %d in all", before, len(c.requests()))
	}
}

func TestJSON(t *testing.T) {
	c := newClinic(t)
	c.API.AccessToken = "wrong"
	var out bytes.Buffer
	err := JSON(t.Context(), c.Config, &out)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Failed != 1 {
		t.Errorf("it ends with: %v", err)
	}
	var report Report
	decoder := json.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&report); err != nil || decoder.More() {
		t.Fatalf("not one document: %v", err)
	}
	if report.OK || report.Store == nil || report.Store.Hash != "sandbox" || report.Store.Mode != "sandbox" || len(report.Checks) != 19 {
		t.Errorf("%+v", report)
	}

	out.Reset()
	c.API.StoreHash = ""
	if err := JSON(t.Context(), c.Config, &out); err == nil || !strings.HasPrefix(out.String(), "{\n  \"store\": null,\n  \"ok\": false,\n  \"checks\": [") {
		t.Errorf("%v\n%s", err, &out)
	}
}

func TestStoppedBeforeTheEnd(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	var out bytes.Buffer
	if err := JSON(ended, newClinic(t).Config, &out); !errors.Is(err, errStopped) || out.Len() > 0 {
		t.Errorf("it ends with %v and %q", err, &out)
	}
	if err := Text(ended, newClinic(t).Config, &out, false); !errors.Is(err, errStopped) || out.Len() > 0 {
		t.Errorf("it ends with %v and %q", err, &out)
	}
}
