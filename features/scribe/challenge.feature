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

    @id:VEN-29 @id:REF-11 @must
    Scenario: A chosen password takes the place of the temporary one, by the challenge's own Session
      When a user with a temporary password signs in
      And the challenge is answered with wrong Sessions
      And that user chooses a password and signs in with it
      And the challenge is answered once more
      And that user signs in with the temporary password again
      Then each wrong Session is refused, and the chosen password alone signs in

    @id:VEN-34 @must
    Scenario: The present password changes the password, and no other does
      Given the user whose password may be changed has signed in
      When the user changes the password, naming a wrong present one and then none, and signs in with the old one
      And the user changes the password, naming the right present one
      And the user signs in with the new password at the end, and with the old one
      And the user takes the old password back
      Then the wrong ones changed nothing, and the right one set the new password

  Rule: A password has at least the six characters of the weakest policy that a pool can have

    @id:COG-27 @must
    Scenario: A password that is too short takes no temporary one's place
      When a user with a temporary password signs in
      And the challenge is answered with a password of five characters
      And that user chooses a password and signs in with it
      Then the short one was refused, and the right one set

    @id:COG-27 @must
    Scenario: A password that is too short is not set
      Given the user whose password may be changed has signed in
      When the user changes the password in each of these ways
        | to a password of five characters |
        | to a password without a digit    |
      And the user changes the password, naming the right present one
      And the user takes the old password back
      Then the short one was refused, and the right one set
