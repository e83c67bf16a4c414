Feature: Athelas tokens end

  Rule: When a token expires, you'll receive a 401 Unauthorized response

    @judge:vendor @id:VEN-09 @must
    Scenario: An expired token is answered with 401
      Given the API has accepted the caller's token
      When the token's lifetime and 6 minutes more have passed
      And the caller calls the API with the ended token
      Then the expired token is answered as documented

  Rule: A token is refused on and after its exp

    @judge:vendor @id:JWT-07 @must
    Scenario: A token ends at its exp
      Given the API has accepted the caller's token
      When 100 percent of the token's lifetime has passed
      And the caller calls the API
      And the token's lifetime and 5 minutes more have passed
      And the caller calls the API with the ended token
      Then the token is refused from its exp on

  Rule: Tokens have a default expiration time of 172,800 seconds (48 hours)

    @judge:vendor @id:VEN-03 @should
    Scenario: A token ends 48 hours after its reply
      When the caller logs in
      Then the token's exp is the documented lifetime after the reply
