@judge:vendor
Feature: Corti ends tokens before their time

  Rule: A client can revoke its own tokens only

    @id:REV-07 @must
    Scenario: Another client's revocation changes nothing
      Given the API has accepted the caller's token
      When another client revokes the caller's token
      And the caller calls the API
      And the caller revokes the token
      And the caller calls the API
      Then only the caller's own revocation ended the token

  Rule: A revocation needs no hint, and is answered with 200

    @id:REV-02 @must
    Scenario: A token ends without a hint and with a wrong one
      Given the caller has logged in and shown the token
      When the caller revokes its token and shows it again
      And the caller logs in and shows the token
      And the caller revokes in each of these ways
        | with a wrong hint |
      And the caller shows the token
      Then both tokens have ended

    @id:REV-02 @must
    Scenario: A token ends with a hint that nobody knows
      Given the caller has logged in and shown the token
      When the caller revokes in each of these ways
        | with a hint that nobody knows |
      And the caller shows the token
      Then the token has ended

    @id:REV-03 @id:REV-08 @must @may
    Scenario: Revocations of what is revoked, unknown or of another kind
      Given the caller has logged in
      When the caller revokes its token
      And the caller revokes in each of these ways
        | again                         |
        | of a token that nobody issued |
        | of a token of another kind    |
      Then an unknown and a revoked token are answered with 200

  Rule: A revocation is of the client that holds the token, and ends its login alone

    @id:REV-12 @must
    Scenario: A revocation without the client's secret ends nothing
      Given the caller has logged in and shown the token
      When the caller revokes in each of these ways
        | without the client secret  |
        | with another client secret |
      And the caller shows the token
      And the caller revokes its token and shows it again
      Then only the revocation with the secret ended the token

    @id:REV-10 @must
    Scenario: A revocation leaves other logins of the client alone
      Given the caller has logged in twice and shown both tokens
      When the caller revokes the first token and shows both
      Then the second login goes on

    @id:REV-10 @must
    Scenario: A revocation leaves other logins of a person alone
      Given a person has logged in twice
      And each login of the person has been used
      When the person's first refresh token is revoked
      And each login of the person is used again
      Then the second login goes on

    @id:REV-16 @must @id:REV-13 @should
    Scenario: A refresh token ends with its revocation, and its access tokens with it
      Given a person has logged in
      And each login of the person has been used
      When the person's refresh token is revoked and used again
      And each login of the person is used again
      Then both have ended

    @id:REV-17 @must
    Scenario: Another client's revocation of a refresh token ends nothing
      Given a person has logged in
      And each login of the person has been used
      When the person's refresh token is to be revoked in each of these ways
        | by another client |
      And each login of the person is used again
      And the person's refresh token is revoked and used again
      Then only the revocation by its own client ended the login

    @id:REV-17 @must
    Scenario: The revocation of a refresh token at another tenant ends nothing
      Given a person has logged in
      And each login of the person has been used
      When the person's refresh token is to be revoked in each of these ways
        | by a client of another tenant |
      And each login of the person is used again
      And the person's refresh token is revoked and used again
      Then only the revocation by its own client ended the login

  Rule: A logout ends a session

    @id:REV-14 @should
    Scenario: A logout ends the login of its refresh token and no other
      Given a person has logged in twice
      And each login of the person has been used
      When the first login is ended by its refresh token
      And each login of the person is used again
      Then the first login has ended, and the second goes on

    @id:REV-18 @should
    Scenario: A logout by another client ends nothing
      Given a person has logged in
      And each login of the person has been used
      When the first login is to be ended in each of these ways
        | by another client |
      And each login of the person is used again
      And the first login is ended by its refresh token, which is then used again
      Then only the logout by its own client ended the login
