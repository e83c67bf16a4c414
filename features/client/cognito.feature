@judge:client @vendor:scribe
Feature: A client of a user pool

  Rule: The client logs in, gets an identity and credentials, and only then calls the API

    @id:COG-16 @documented
    Scenario: The steps of a login come in their order
      When the client makes 1 call
      Then the client signed in, got an identity and credentials, and then called the API

    @id:COG-11
    Scenario: The identity pool gets the id token
      When the client makes 1 call
      Then the client named the user pool and showed the id token

    @id:COG-24 @documented
    Scenario: Operations are sent as AWS JSON 1.1
      When the client makes 1 call
      Then each operation said that it is application/x-amz-json-1.1

  Rule: The second version of the API takes the access token in place of a signature

    @id:COG-13 @id:RSP-23 @documented
    Scenario: An instance of the second version
      Given an instance for the second version of the API
      When the client makes 2 calls in turn
      Then each call showed the access token alone

  Rule: You won't be able to access anything else until the temporary password has been changed

    @id:COG-01 @id:COG-08
    Scenario: An open challenge is answered before anything else
      Given the client's account has a temporary password
      When the client makes 2 calls in turn
      Then the client asked for nothing with the challenge open

    @id:COG-14
    Scenario: A new password answers the challenge
      Given the client's account has a temporary password
      When the client makes 1 call
      And the client changes the password
      Then the client answered the challenge with USERNAME and NEW_PASSWORD

    @id:COG-28
    Scenario: A password that is no temporary one is changed
      Given the client has made 1 call
      When the client changes the password
      Then the client showed its access token with the change

  Rule: With the refresh token you're not sending your username and password over the wire anymore

    @id:COG-02 @documented
    Scenario: Tokens are renewed without the password
      Given the client has made 1 call
      When 61 minutes have passed
      And the client's clock runs 3660 seconds ahead and it calls again
      Then the client renewed with the refresh token and sent the password once

  Rule: Revoking the refresh token also invalidates any access or id token issued with it

    @id:COG-06
    Scenario: Nothing of a revoked login is used
      Given the client has made 1 call
      When the client revokes what it holds
      And the client makes 1 call
      Then the client used no token of the revoked login

    @id:REV-09 @documented
    Scenario: The newest refresh token is the one that is revoked
      Given the vendor's setting rotate_refresh is true
      And the client has made 1 call
      When 61 minutes have passed
      And the client's clock runs 3660 seconds ahead and it calls again
      And the client revokes what it holds
      Then the client revoked the newest refresh token, once

  Rule: A client renews with the refresh token that it was given last, and keeps what stays

    @id:COG-03 @id:COG-10
    Scenario: A refresh token that is not replaced stays in use
      Given the first token lives short
      And the client has made 1 call
      When the client's short token ends and it makes 2 calls
      And the client's short token ends and it makes 2 calls
      Then the client refreshed with the same token twice and asked for its identity once

    @id:COG-04
    Scenario: A refresh token that is replaced is not used again
      Given the vendor's setting rotate_refresh is true
      And the first token lives short
      And the client has made 1 call
      When the client's short token ends and it makes 2 calls
      And the client's short token ends and it makes 2 calls
      Then the client refreshed with the newest token

    @id:COG-05
    Scenario: A refused refresh token leads to one login
      Given the client has made 1 call with a token that lives short
      When the client's short token and its refresh token end, and logins bring no other
      And the client makes 2 calls in turn
      And the client's short token ends and it makes 2 calls
      Then the client logged in once or twice, and showed the refused token no more

    @id:COG-17
    Scenario: AWS credentials of a revoked login sign nothing more
      Given the client has made 1 call
      When the client revokes what it holds
      And the client makes 1 call
      Then the client signed with credentials of a new login, or not at all

  Rule: Temporary AWS credentials serve until shortly before their end

    @id:COG-07 @documented
    Scenario: Credentials of an hour serve ten calls
      Given the client has made 1 call
      When the client makes 10 calls, one every 250 milliseconds
      Then the client fetched AWS credentials once

    @id:COG-07 @documented
    Scenario: Credentials of two seconds are left at their end
      Given the vendor's setting credentials_ttl_s is 2
      And the client has made 1 call
      When 4000 milliseconds pass
      And the client makes 1 call
      Then no call was signed with AWS credentials that had ended

    @id:COG-07 @documented
    Scenario: Credentials in their last seconds are left
      Given the vendor's setting credentials_ttl_s is 1800
      And the client has made 1 call
      When the client's clock runs 1798 seconds ahead and it calls again
      Then the call was signed with other AWS credentials

  Rule: The access and id tokens are valid for up to 30 minutes

    @id:COG-09 @documented
    Scenario: Half an hour passes on the client's clock
      Given the vendor's setting credentials_ttl_s is 1800
      And the client has made 1 call
      When the client's clock runs 1801 seconds ahead and it calls again
      Then the client asked for new tokens before it showed one again

  Rule: Throttling arrives as 400, and is waited for

    @id:COG-12
    Scenario: Each sign-in is throttled
      Given each sign-in is throttled
      When the client makes 1 call
      Then the client tried a few times and did not report bad credentials

  Rule: A sign-in by SRP proves itself with the id of the challenge and a date in English

    @id:COG-15 @documented
    Scenario: The user is called otherwise than he is typed, early in a month
      Given the user types the e-mail address for the name
      And it is a day of one digit
      When the client signs in and makes 1 call
      Then the proof verified
