@judge:client @needs:sample @needs:client
Feature: Calls at once

  Rule: Callers that need a new token at the same time share one token request

    @id:SF-02
    Scenario: Twenty calls at once after the token was revoked
      Given the client has made 1 call
      And the vendor takes 150 milliseconds to issue a token
      When the vendor revokes the client's token
      And the client makes 20 calls at once, of which two arrive before one is answered
      And the client makes 20 calls at once
      Then they took one token request, and all succeeded

    @id:SF-06
    Scenario: Twenty calls at once when the token has come to its end
      Given the first token lives short
      And the client has made 1 call
      When the client's token comes to its end
      And each token request from now on takes 150 milliseconds
      And the client makes 20 calls at once
      Then they took one token request, and all succeeded

    @id:SF-06
    Scenario: Twenty calls at once when the token is inside the margin
      Given the first token will be inside the client's margin
      And the client has made 1 call
      When the token is inside the client's margin
      And each token request from now on takes 150 milliseconds
      And the client makes 20 calls at once
      Then they took one token request, and all succeeded

    @id:SF-05 @id:SF-06 @vendor:scribe
    Scenario: Twenty calls at once with a user pool that rotates refresh tokens
      Given the vendor's settings rotate_refresh and reuse_detection are true
      And the first token lives short
      And the client has made 1 call
      When the client's token comes to its end
      And the client makes 20 calls at once while a token takes 150 milliseconds
      Then each refresh token was presented once

    @id:SF-05 @id:SF-06 @vendor:corti
    Scenario: Twenty calls at once with a realm that rotates refresh tokens
      Given the vendor's settings refresh_for_cc and rotate_refresh are true
      And the first token lives short
      And the client has made 1 call
      When the client's token comes to its end
      And the client makes 20 calls at once while a token takes 150 milliseconds
      Then each refresh token was presented once

  Rule: A caller that gives up takes nobody with it

    @id:CLI-27
    Scenario: The first of twenty callers gives up
      Given the vendor takes 600 milliseconds to issue a token
      When the client begins 1 call
      And 100 milliseconds pass
      And the client begins 19 calls
      And the first of them is cancelled, and all are answered
      Then the others succeeded, with at most two token requests
