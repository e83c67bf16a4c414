@judge:vendor
Feature: Scribe Labs asks for a new password

  Rule: You won't be able to access anything else until the temporary password has been changed

    @id:REF-06 @id:COG-25 @must
    Scenario: A temporary password gives a challenge, and its Session is no token
      Given the user has signed in
      And each token of the login has been used
      When a user with a temporary password signs in
      And the challenge's Session is used as a token
      Then the temporary password leads to the challenge for a new one
      And the Session opens nothing that a token opens

  Rule: You can change it with the change_password method

    # A password has at least the six characters of the weakest policy that a pool can have.
    @id:VEN-29 @id:REF-11 @id:COG-27 @must
    Scenario: A chosen password takes the place of the temporary one, by the challenge's own Session
      When a user with a temporary password signs in
      And the challenge is answered with wrong Sessions, and with a password of five characters
      And that user chooses a password and signs in with it
      And the challenge is answered once more
      And that user signs in with the temporary password again
      Then each wrong Session is refused, and the chosen password alone signs in

    @id:VEN-34 @id:COG-31 @id:COG-27 @must
    Scenario: The present password changes the password, and no other does
      Given the user whose password may be changed has signed in
      When the user changes the password in each of these ways
        | without an access token                |
        | with a beginning of the access token   |
        | with the id token for an access token  |
        | with another user's access token       |
        | to a password of five characters       |
        | to a password without a digit          |
      And the user changes the password, naming a wrong present one and then none, and signs in with the old one
      And the user changes the password, naming the right present one
      And the user signs in with the new password at the end, and with the old one, and takes that back
      Then the wrong ones changed nothing, and the right one set the new password

  Rule: A forgotten password is reset by the code that was sent

    @id:COG-32 @must
    Scenario: No other code sets a password
      Given the user whose password may be changed has signed in
      When the user resets the password in each of these ways
        | with a code that was never sent |
        | with another code than was sent |
      And the user resets the password with the code that was sent
      Then the vendor refuses each of the other codes
