@judge:vendor
Feature: What the vendor issues and publishes is as the RFCs have it

  Rule: A JSON Web Token is one, with times in seconds and an id of its own

    @id:JWT-01 @id:JWT-11 @id:JWT-27 @id:JWT-30
    Scenario: The tokens of a login
      Given the vendor's key set has been read
      When tokens are issued
      And the issued tokens are examined
      Then each is three parts of base64url, and an id token has its claims

    @id:JWT-29
    Scenario: The tokens of several logins
      Given tokens have been issued
      And the issued tokens have a jti
      When further tokens are issued
      Then each token has a jti of its own

    @id:JWT-09 @vendor:athelas @vendor:corti
    Scenario: A token that says when its time comes
      Given tokens have been issued
      And the issued tokens have a nbf
      When the caller calls the API
      Then no token is accepted before its time

  Rule: Tokens live short and open little

    @id:BRR-17
    Scenario: How long a token is good
      When tokens are issued
      Then they live an hour at most

    @id:BRR-18
    Scenario: What a token is good for
      Given tokens have been issued
      When the access token can be read
      Then it names an audience or a scope

    @id:BCP-03
    Scenario: To whom a token is bound
      Given tokens have been issued
      When the vendor's metadata and its key set are read
      Then it is reported whether tokens are bound to their sender

  Rule: The key set holds the public keys that verify the tokens

    @id:JWT-24 @id:JWT-25 @id:JWT-26
    Scenario: The key set
      Given tokens have been issued
      When the vendor's key set is read
      And the issued tokens are examined
      Then its keys are public and long, and each token has its key there

  Rule: The metadata leads to the key set, and names the issuer of the tokens

    @id:BCP-05 @id:BCP-07
    Scenario: The metadata
      Given tokens have been issued
      When the vendor's metadata and its key set are read
      Then its members lead on, and its issuer is that of the tokens

  Rule: A token is refused on and after its exp

    @id:JWT-07 @vendor:scribe
    Scenario: A token ends at its exp
      Given each kind of token has been accepted
      When a token has come to its end and is used again
      Then it is refused from its exp on

  Rule: A token works until its announced end

    @id:BRR-26 @vendor:athelas @vendor:pattern @vendor:scribe @vendor:corti
    Scenario: A token is used until its end
      Given each kind of token has been accepted
      When each of them is used again, at once and a few seconds later
      And 98 percent of their lifetime has passed
      And each of them is used once more, and new ones after that
      Then it worked each time

  Rule: A token is of one tenant

    @id:JWT-16
    Scenario: A call that names another tenant than its token's
      Given each kind of token has been accepted
      When the caller names another tenant beside the token
      Then what becomes of it is reported
