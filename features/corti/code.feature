@judge:vendor
Feature: Corti's authorization codes

  Rule: An authorization request redirects to a registered address alone

    @id:BCP-08 @must
    Scenario: Other redirect URIs
      When the caller asks for authorization in each of these ways
        | without a page                                     |
        | with a segment added to the redirect URI           |
        | with a query added to the redirect URI             |
        | with another host in the redirect URI              |
        | with a user in front of the redirect URI's host    |
        | with the redirect URI's path in the other letter case |
        | with the other scheme in the redirect URI          |
        | with a name added to the redirect URI's host       |
        | as a client that nobody knows                      |
      Then none of the other addresses gets a redirect

    @id:BCP-11 @should
    Scenario: The login page in a frame
      When the caller asks for authorization
      Then the login page may not be framed by another site

    @id:BCP-12 @must
    Scenario: A script of another site
      When the caller asks for authorization
      And the caller asks for authorization in each of these ways
        | from a foreign origin                   |
        | by a preflight from a foreign origin    |
      Then no foreign origin is let in

  Rule: An authorization response says what its client may rely on

    @id:BCP-15 @must
    Scenario: The state of a request that is refused
      When the caller asks for authorization in each of these ways
        | without a page           |
        | without response_type    |
        | with response_type locum |
      Then each redirect carries the state, unchanged

    @id:BCP-15 @must @id:BCP-18 @must
    Scenario: The state and the nonce of a code
      When the caller exchanges a code
      Then the redirect carries the state, and the id token the nonce

    @id:BCP-16 @must
    Scenario: The issuer
      Given the metadata promises an issuer in each authorization response
      When the caller asks for authorization in each of these ways
        | without a page           |
        | without response_type    |
        | with response_type locum |
      Then each redirect names the issuer

    @id:BCP-17 @should
    Scenario: A fault of the request
      When the caller asks for authorization
      And the caller asks for authorization in each of these ways
        | without response_type    |
        | with response_type locum |
      Then the client is told by a redirect

  Rule: A code is bound to its challenge, its redirect URI and its client

    @id:BCP-09 @must
    Scenario: Verifiers that do not fit
      When the caller exchanges a code
      And a code is exchanged in each of these ways
        | without the verifier             |
        | with another verifier            |
        | with an empty verifier           |
        | with the verifier in other letter case |
        | with the challenge for a verifier |
        | without challenge and verifier   |
        | with a verifier and no challenge |
      Then the right verifier alone gives tokens

    @id:BCP-10 @must
    Scenario: A code is shown again, and by another client
      When the caller exchanges a code
      And the caller calls the API
      And a code is exchanged in each of these ways
        | again |
      And the caller calls the API
      And a code is exchanged in each of these ways
        | by another client |
      Then the first exchange alone gives tokens

    @id:BCP-13 @must
    Scenario: A code comes with another redirect URI, and without one
      When the caller exchanges a code
      And a code is exchanged in each of these ways
        | with another redirect URI |
        | without the redirect URI  |
      Then the right redirect URI alone gives tokens

    @id:BCP-14 @should
    Scenario: A code is exchanged late
      When the caller exchanges a code
      And a code is exchanged in each of these ways
        | after ten minutes |
      Then the fresh code alone gives tokens

    @id:VEN-25 @may
    Scenario: What a failed exchange leaves of the code
      When a code is exchanged in each of these ways
        | with another redirect URI             |
        | rightly, after another redirect URI   |
        | with another verifier                 |
        | rightly, after another verifier       |
        | with another secret                   |
        | rightly, after another secret         |
      Then what the code is still good for is reported

  Rule: The login page lets in whom it knows

    # Two wrong ones, fewer than a lockout takes, and the right one behind each.
    @id:BCP-21 @must
    Scenario: A wrong password at the login page
      When a person sends the login page in each of these ways, and rightly behind each
        | with another password            |
        | with a beginning of the password |
      Then the right password alone gives a code
