@judge:vendor
Feature: Scribe Labs issues tokens

  Rule: You will initially have to provide your username and password

    @id:VEN-16 @must
    Scenario: A sign-in with name and password gives three tokens
      When the user signs in
      Then the user has an access, an id and a refresh token

    @id:VEN-35 @must
    Scenario: The reply to a sign-in is as Amazon Cognito documents it
      When the user signs in
      Then the reply and its tokens have the members that Amazon Cognito documents

    @id:VEN-04 @id:BAS-10 @must @should
    Scenario: A wrong name or password gives neither token nor challenge
      Given the user has signed in
      When the user signs in in each of these ways
        | with another password                          |
        | with the password in other letter case         |
        | with a password that lacks its last character |
        | with a blank behind the password               |
        | without a password                             |
        | with an unknown user name                      |
      Then the vendor refuses each of these sign-ins as not authorized

    @id:VEN-04 @must
    Scenario: Near misses of another user's password, and other secrets in its place
      When the user signs in in each of these ways
        | as another user                                                |
        | as another user with the password altered in its first letter |
        | as another user with the password altered in its last letter  |
        | as another user with the name as the password                 |
        | as another user with the first user's password                |
        | as another user with an empty password                        |
      Then the vendor refuses each of these sign-ins but the first as not authorized

    @id:VEN-04 @must
    Scenario: A wrong password of an account with a temporary one gives no challenge
      Given the user has signed in
      When the user signs in in each of these ways
        | with another password than the temporary one |
      Then the vendor refuses each of these sign-ins as not authorized

    @id:VEN-04 @id:BAS-10 @id:COG-25 @id:COG-26 @must @should
    Scenario: A proof of SRP that no password gives is worth nothing, and tells nobody who has an account
      Given the user has signed in
      When the user signs in in each of these ways
        | by SRP without a proof           |
        | by SRP with an unknown user name |
        | by SRP with an unknown user name |
        | by SRP with a multiple of N      |
        | by SRP with zero                 |
      Then the vendor refuses each of these sign-ins as not authorized

  Rule: You will first need a Scribe account and a client ID

    @id:VEN-33 @must
    Scenario: An unknown client id gives nothing
      Given the user has signed in
      When the user signs in in each of these ways
        | with an unknown client id                       |
        | with the client id in other letter case         |
        | with a client id that lacks its last character |
      Then the vendor refuses each of these sign-ins

  Rule: A user pool speaks AWS JSON 1.1

    @id:COG-22 @should
    Scenario: Replies have the media type of the protocol, and refusals name their kind
      Given the user has signed in
      When the user signs in in each of these ways
        | with an unknown client id |
      Then the replies and the refusal are of the protocol

    @id:COG-23 @should
    Scenario: What is no request of the protocol signs nobody in
      Given the user has signed in
      When the user signs in in each of these ways
        | with an operation that nobody knows |
        | without X-Amz-Target                |
        | with a body that is not JSON        |
        | with a list for a body              |
        | with a number for the client id     |
      Then the vendor refuses each of these sign-ins

  Rule: The access and id tokens are valid for up to 30 minutes

    @id:REF-07 @must
    Scenario: Access and id token live 1800 seconds at most
      When the user signs in
      And the user refreshes
      Then access and id token live no longer than that

  Rule: No reply repeats a secret, password or refused token

    @id:ERR-12 @must
    Scenario: Refusals keep what they refuse to themselves
      Given the user has signed in
      When the user signs in in each of these ways
        | with an unknown user name |
        | with an unknown client id |
      Then no reply repeats a secret or token of its request

  Rule: Nobody guesses a token

    @id:RSP-24 @must
    Scenario: Refresh tokens have room for 128 bits
      When the user signs in many times
      Then no part of a refresh token can be told from those before it

    @id:RSP-24 @must
    Scenario: Sessions have room for 128 bits
      When a user with a temporary password signs in many times
      Then no part of a Session can be told from those before it
