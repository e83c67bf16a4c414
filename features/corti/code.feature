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

  Rule: A code is bound to its challenge and to its client

    @id:BCP-09 @must
    Scenario: Verifiers that do not fit
      When the caller exchanges a code
      And a code is exchanged in each of these ways
        | without the verifier             |
        | with another verifier            |
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
