package bcapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// DeleteResult is what became of tokens whose instruments were to be deleted, as
// far as an answer of the API proves it. Of a token that neither list names
// nothing is known.
type DeleteResult struct {
	Gone    []string // not in the store any more
	Refused []RefusedToken
}

// RefusedToken is a token that was refused in an answer about it alone.
type RefusedToken struct {
	Token string
	API   *Error // never nil
}

// maxDelete is how many tokens one request names. The API's own maximum is
// published nowhere (docs/api-facts.md 2.7).
const maxDelete = 50

var deleteStoredInstruments = route{
	method:      http.MethodDelete,
	template:    "/payments/stored-instruments",
	scopes:      writeInstrumentScopes(),
	repeatable:  true,
	carriesData: isBulkNotFound,
}

// DeleteStoredInstruments takes instruments out of the store, and leaves them in
// the gateway's vault (docs/api-facts.md 2.7). It may take several requests: an
// error is about the one that put an end to it, and what the others proved is in
// the result. One that was not there is gone as well; but a 404 in which the API
// tells of no tokens is a *RefusedError and proves nothing, since that is how it
// tells of a store, or a call, that does not exist.
//
// What is no token is a *NotSentError of NotSentInvalid, and nothing is sent.
func (c *Client) DeleteStoredInstruments(ctx context.Context, tokens []string) (DeleteResult, error) {
	var result DeleteResult
	for i, token := range tokens {
		if err := checkToken(token); err != nil {
			return result, notSentFor(NotSentInvalid, fmt.Errorf("token %d of %d %w", i+1, len(tokens), err))
		}
	}
	for part := range idLists(distinct(tokens), maxDelete, func(token string) string { return token }) {
		if err := c.deleteTokens(ctx, part, &result); err != nil {
			return result, err
		}
	}
	return result, nil
}

// deleteTokens deletes tokens with one request, and asks again for those that
// its answer leaves in doubt: for all of them, when it named others, else for
// either half. That deletes some again, which does no harm.
func (c *Client) deleteTokens(ctx context.Context, tokens []string, result *DeleteResult) error {
	if len(tokens) == 0 { // it would name the whole collection
		return nil
	}
	answer, err := c.deleteAtOnce(ctx, tokens)
	if err != nil {
		return err
	}
	half := len(tokens) / 2
	switch {
	case answer.refusal == nil, half == 0 && answer.onlyMissing:
		result.Gone = append(result.Gone, tokens...)
		return nil
	case half == 0:
		result.Refused = append(result.Refused, RefusedToken{Token: tokens[0], API: answer.refusal})
		return nil
	case len(answer.missing) > 0:
		result.Gone = append(result.Gone, answer.missing...)
		isMissing := func(token string) bool { return slices.Contains(answer.missing, token) }
		return c.deleteTokens(ctx, slices.DeleteFunc(slices.Clone(tokens), isMissing), result)
	}
	if err := c.deleteTokens(ctx, tokens[:half], result); err != nil {
		return err
	}
	return c.deleteTokens(ctx, tokens[half:], result)
}

// deleteAnswer is what one answer says of the tokens of its request.
type deleteAnswer struct {
	refusal     *Error   // nil: all are gone
	onlyMissing bool     // that one is not there is all that the refusal says of any
	missing     []string // those of which it says so by name
}

// deleteAtOnce makes one request. Only a refusal that may be about some of its
// tokens is an answer; one that would meet any token is an error.
func (c *Client) deleteAtOnce(ctx context.Context, tokens []string) (deleteAnswer, error) {
	call, err := newCall(deleteStoredInstruments, nil, url.Values{"token:in": {strings.Join(tokens, ",")}}, nil)
	if err != nil {
		return deleteAnswer{}, err
	}
	got, err := c.do(ctx, call)
	if err == nil {
		err = c.checkDone(call, got)
	}
	var refused *RefusedError
	switch {
	case !errors.As(err, &refused):
		return deleteAnswer{}, err
	case isBulkNotFound(got):
		return readMissing(got, refused.API, tokens), nil
	case refused.Kind == RefusedSystemic:
		return deleteAnswer{}, err
	}
	return deleteAnswer{refusal: refused.API}, nil
}

// isBulkNotFound tells an answer about tokens from one that says that the store,
// or the call itself, does not exist: that one proves nothing of any token.
func isBulkNotFound(got answer) bool {
	return got.status == http.StatusNotFound && (got.broken != nil || tellsOfMany(jsonObject(got.body)))
}

// readMissing reads an answer of 404 about tokens.
func readMissing(got answer, refusal *Error, tokens []string) deleteAnswer {
	answer := deleteAnswer{refusal: refusal, onlyMissing: true}
	entries, _ := jsonObject(got.body)["errors"].([]any)
	for _, item := range entries {
		entry, _ := item.(map[string]any)
		switch integer(entry["status"]) {
		case http.StatusNotFound:
			answer.missing = append(answer.missing, named(entry, tokens)...)
		case 0:
		default:
			answer.onlyMissing = false
		}
	}
	answer.missing = distinct(answer.missing)
	return answer
}

// named gives the tokens that an entry of errors is keyed by.
func named(entry map[string]any, tokens []string) []string {
	var all []string
	for _, f := range flatten(entry["errors"]) {
		if name := f.path.String(); slices.Contains(tokens, name) {
			all = append(all, name)
		}
	}
	return all
}

// checkToken refuses what must not be taken for the store's token for an
// instrument. A comma would make two of one, and other servers may read
// characters that are escaped in an address as they please.
func checkToken(token string) error {
	isOdd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~", r)
	}
	switch {
	case token == "":
		return errors.New("is empty")
	case len(token) > maxToken:
		return fmt.Errorf("is longer than %d characters", maxToken)
	case strings.ContainsFunc(token, isOdd):
		return errors.New("holds other characters than letters, digits and - . _ ~")
	case cardguard.ContainsCardNumber(token):
		return errors.New("looks like a card number")
	}
	return nil
}

// distinct gives each once, in the order of their first.
func distinct(tokens []string) []string {
	seen := make(map[string]bool, len(tokens))
	var all []string
	for _, token := range tokens {
		if !seen[token] {
			seen[token] = true
			all = append(all, token)
		}
	}
	return all
}
