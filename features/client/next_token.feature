@judge:client @needs:sample @needs:client
Feature: How a client gets its next token

  Rule: By default as per oAuth standards, no refresh token is used in this flow

    @id:RSP-12 @id:TOK-20 @id:EXP-01 @vendor:athelas @vendor:pattern @vendor:corti
    Scenario: The first grant is repeated
      Given the first token lives short
      And the client has made 1 call
      When the client's token comes to its end
      And the client makes 2 calls in turn
      Then the client repeated its first grant

    @id:CLI-11
    Scenario: A refresh token that is not there ends nothing
      Given 1 client apart, where each token request meets
        """
        {"edit": {"remove": ["refresh_expires_in"]}}
        """
      When the client makes 2 calls in turn
      And each of them makes 2 calls in turn
      Then the calls took one token request

  Rule: Tokens have a default expiration time of 172,800 seconds (48 hours)

    @id:JWT-21
    Scenario: An exp ten years ahead is a hint
      Given the vendor's setting enforce_expiry is false
      And tokens live 315360000 seconds
      And the client has made 2 calls
      When the client's clock runs 172801 seconds ahead and it calls again
      Then the client showed a new token
