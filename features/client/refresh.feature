@judge:client @needs:sample @needs:client
Feature: Clients that hold a refresh token

  Rule: A refresh shows the client's credentials and asks for no more than was granted

    @id:REF-08 @id:REF-16
    Scenario: Tokens are renewed with the refresh token
      Given the vendor's setting refresh_for_cc is true
      And the client has made 1 call with a token that lives short
      When the client's token comes to its end
      And the client makes 1 call
      Then the client refreshed as itself, for what it was granted

  Rule: After invalid_grant on a refresh the client repeats its first grant once

    @id:REF-09
    Scenario: The refresh token has ended
      Given the vendor's setting refresh_for_cc is true
      And the client has made 1 call with a token that lives short
      When the client's short token and its refresh token end, and logins bring no other
      And the client makes 1 call
      And the client's short token ends and it makes 2 calls
      Then the client logged in once, the call succeeded, and the refused token was shown no more

  Rule: The client discards the old refresh token and replaces it with the new one

    @id:REF-18
    Scenario: A refresh token of a client is replaced
      Given the vendor's settings refresh_for_cc and rotate_refresh are true
      And the first token lives short
      And the client has made 1 call
      When the client's short token ends and it makes 2 calls
      And the client's short token ends and it makes 2 calls
      Then the client refreshed with the newest token

  Rule: After a lost reply to a refresh the client tries a few times and then repeats its first grant

    @id:RET-17 @long @vendor:corti
    Scenario: The reply to a refresh is lost
      Given the vendor's settings refresh_for_cc and rotate_refresh are true
      And the client has made 1 call with a token that lives short
      When the client's token comes to its end
      And from now on the first refresh request meets
        """
        {"lose_reply": true}
        """
      And the client makes 1 call, and others for 10 seconds while they fail
      Then the client logged in after a few refreshes

    @id:RET-17 @long @vendor:scribe
    Scenario: The reply to a refresh of a user pool is lost
      Given the vendor's settings rotate_refresh and reuse_detection are true
      And the client has made 1 call with a token that lives short
      When the client's token comes to its end
      And from now on the first refresh request meets
        """
        {"lose_reply": true}
        """
      And the client makes 1 call, and others for 10 seconds while they fail
      Then the client signed in after a few refreshes

  Rule: A revocation is a POST of a form, and 503 to it means that the token is still valid

    @id:REV-01
    Scenario: The client revokes what it holds
      Given the client has made 1 call
      When the client revokes what it holds
      Then the revocation was a POST with the token in a form

    @id:REV-06
    Scenario: The revocation is answered with 503
      Given the client has made 1 call
      And the first revocation request meets
        """
        {"status": 503, "headers": {"Retry-After": "2"}}
        """
      When the client revokes what it holds
      Then the client said that it failed, or waited and tried again
