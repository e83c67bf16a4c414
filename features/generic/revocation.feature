@judge:vendor @needs:login @needs:sample
Feature: Any vendor's revocation

  Rule: A client can revoke its own tokens only

    @id:REV-07 @must @needs:revoke
    Scenario: Another client's revocation changes nothing
      Given the API has accepted the caller's token
      When another client revokes the caller's token
      And the caller calls the API
      And the caller revokes the token
      And the caller calls the API
      Then only the caller's own revocation ended the token
