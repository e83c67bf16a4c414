@judge:client @needs:sample @needs:client @storage
Feature: Clients that keep tokens for their next process

  Rule: A client that stores tokens counts the life that is left, not the full life again

    @id:CACHE-06 @long
    Scenario: The process is started twice more
      Given tokens live 4 seconds beyond the client's margin
      And the client has made 1 call
      When new tokens live long
      And the client's process begins anew and makes 1 call
      And the stored token ends, and the client's process begins anew and makes 1 call
      Then it showed a living token

  Rule: Two processes that share stored tokens use a rotating refresh token once

    @id:SF-07 @vendor:corti
    Scenario: Two processes renew at once
      Given the vendor's settings refresh_for_cc and rotate_refresh are true
      And the client has made 1 call with a token that lives short
      When the client's token comes to its end
      And each token request from now on takes 150 milliseconds
      And two processes of the client make 1 call each, at once
      Then each refresh token was shown once

    @id:SF-07 @vendor:scribe
    Scenario: Two processes renew at once at the user pool
      Given the vendor's settings rotate_refresh and reuse_detection are true
      And the client has made 1 call with a token that lives short
      When the client's token comes to its end
      And each token request from now on takes 150 milliseconds
      And two processes of the client make 1 call each, at once
      Then each refresh token was shown once
