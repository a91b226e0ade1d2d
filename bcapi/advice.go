package bcapi

import "net/http"

// Advice says in plain words what to do about the error. The API's own code
// decides; without one that is known, the status does, if need be with the call.
func (e *Error) Advice() string {
	if text, known := adviceByCode()[e.Code]; known {
		return text
	}
	if text, known := adviceByCall()[refusedCall{e.Method, e.Path, e.Status}]; known {
		return text
	}
	if text, known := adviceByStatus()[e.Status]; known {
		return text
	}
	switch {
	case e.Status >= 500 && (e.Retryable || e.Method == http.MethodGet):
		return "The API failed, or the store is under maintenance: try again in a minute."
	case e.Status >= 500:
		return "The API failed, or the store is under maintenance: look whether the request took effect before it is repeated."
	case e.Status >= 300 && e.Status < 400:
		return "The API redirected the request, which is never followed: check the API URL."
	}
	return "The API refused the request: do not repeat it as it is."
}

// adviceByCode is the table of docs/api-facts.md 4. Titles are not matched:
// pages differ in them.
func adviceByCode() map[string]string {
	gateway := "The gateway rejects its configuration: check the gateway's credentials in the store's payment settings."
	return map[string]string{
		"10000": "The connection failed while the payment was processed. Check the order first, a charge may have gone through; only then try again.",
		"10001": "Fields are missing or wrong: correct the request, do not repeat it as it is.",
		"30000": "The store has no payment gateway configured: set one up in the store's payment settings.",
		"30001": gateway,
		"3001":  gateway, // as older pages print it
		"30002": "Stored instruments are not enabled in the store: enable them for the gateway in the store's payment settings.",
		"30003": "There is no such order in this store: check the order id and the store.",
		"30004": "The order's lines and its grand total disagree: mint a new payment access token, or make a new order.",
		"30050": "The instrument could not be saved: check its fields; the expiry month has two digits and the year four.",
		"30051": "There is no such stored instrument, or it is another shopper's: look the shopper's instruments up.",
		"30100": "The payment access token could not be created. The API does not say whether trying again helps: check the order, then try once more.",
		"30101": "The order is not in the status Incomplete. Make sure first that it has not been paid or shipped, or it would be charged twice. Only then set its status_id to 0 (PUT /v2/orders/{id}) and try again. An order made in the control panel is refused all the same.",
		"30102": "The card's details were not verified, or the Authorization header is wrong: check first that it is `PAT <token>` with an unused token of this order.",
		"30103": "The card has expired: ask the shopper for another.",
		"30104": "The card's issuer refused: ask the shopper for another card.",
		"30105": "It is a duplicate of an earlier payment. Never repeat it.",
		"30106": "The funds do not suffice: try later, as the merchant's rules for dunning say.",
		"30107": "The shopper has revoked the authorization: do not try again, ask the shopper for another way to pay.",
	}
}

// refusedCall is a call and the status it was refused with.
type refusedCall struct {
	method, path string
	status       int
}

// adviceByCall is for calls that give no code and of which more is known than
// the status says: their own path exists, and what they name is an instrument.
func adviceByCall() map[refusedCall]string {
	missing := "There is no such stored instrument in this store, or no such store: look the customer's instruments up."
	update, unvault := updateStoredInstrument, unvaultStoredInstrument
	return map[refusedCall]string{
		{update.method, update.template, http.StatusNotFound}:              missing,
		{unvault.method, unvault.template, http.StatusNotFound}:            missing,
		{unvault.method, unvault.template, http.StatusUnprocessableEntity}: "The store or its gateway would not remove the instrument: check in the gateway that it knows it and that nothing still charges it, do not repeat the request as it is.",
	}
}

// adviceByStatus is the table of docs/api-facts.md 5, less what holds for all
// of 3xx and 5xx.
func adviceByStatus() map[int]string {
	form := "The API does not take this form of request: check the API URL; if it is right, this program no longer fits the API."
	gaveUp := "The API gave up waiting: before a request that changes something is repeated, look whether it took effect."
	quota := "The request quota is used up, or the store is under load: wait as long as was asked, then try again."
	tooMuch := "It was too much at once: send less per request."
	never := "The API does not support this request: do not repeat it."
	return map[int]string{
		http.StatusBadRequest:              "The request is malformed: correct it, do not repeat it as it is.",
		http.StatusUnauthorized:            "The access token is missing, wrong or of another store: check it and the store hash.",
		http.StatusForbidden:               "The API account may not do this: it lacks the scope, its owner has changed, or the store's plan does not include it. Scopes of an account cannot be edited: make a new account.",
		http.StatusNotFound:                "It does not exist in this store, or the store hash is wrong: check the ids and the store hash.",
		http.StatusMethodNotAllowed:        form,
		http.StatusNotAcceptable:           form,
		http.StatusUnsupportedMediaType:    form,
		http.StatusRequestTimeout:          gaveUp,
		statusClientClosed:                 gaveUp,
		http.StatusConflict:                "The state of what was named does not allow this: look at it first, do not repeat the request as it is.",
		http.StatusRequestEntityTooLarge:   tooMuch,
		http.StatusRequestURITooLong:       tooMuch,
		http.StatusUnprocessableEntity:     "Fields are missing or invalid: correct those that are named, do not repeat the request as it is.",
		http.StatusLocked:                  "It is locked for now: wait, then try again.",
		http.StatusTooManyRequests:         quota,
		statusBandwidthLimit:               quota,
		http.StatusInsufficientStorage:     "A limit of the store's plan is reached: stop, trying again does not help.",
		http.StatusNotImplemented:          never,
		http.StatusHTTPVersionNotSupported: never,
	}
}
