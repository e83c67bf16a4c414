@judge:vendor
Feature: Corti's userinfo, metadata and lists tell what is meant to be told

  Rule: Userinfo gives claims for a live access token only

    @id:BRR-24 @must @id:BRR-25 @must
    Scenario: Userinfo without a good token
      Given the caller has logged in and shown the token
      When the caller shows userinfo each of these tokens
        | without a token                    |
        | with an unknown token              |
        | with the token's signature changed |
        | with the id token                  |
      Then nothing is told, and the good token is told its subject

    @id:BRR-24 @must
    Scenario: Userinfo with a token that has ended
      Given the caller has logged in and shown the token
      When the token's lifetime and 5 minutes more have passed
      And the caller shows userinfo each of these tokens
        | with a token that has ended |
      Then nothing is told

  Rule: The metadata and the key set say what the vendor does

    @id:BCP-19 @must
    Scenario: The members of the metadata
      When the caller reads the vendor's metadata
      Then it has what the standard requires

    @id:BCP-20 @should
    Scenario: The lists of the metadata
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the credentials in a Basic header |
      And the caller reads the vendor's metadata
      Then its lists hold what was accepted

    @id:JWT-31 @must
    Scenario: The keys
      Given tokens have been issued
      When the vendor's key set is read
      And the issued tokens are examined
      Then each key says what it is for

  Rule: A list holds none of another client or of another tenant

    @id:VEN-45 @must
    Scenario: Another client lists the interactions
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller lists /interactions/
      And /interactions/ is listed in each of these ways
        | as another client |
      Then the new one is in the list of its owner alone

    @id:VEN-45 @must
    Scenario: Another tenant lists the interactions
      Given the caller has logged in
      And the caller has created one of /interactions/
        """
        {"encounter": {"identifier": "locum-1", "status": "planned", "type": "first_consultation"}}
        """
      When the caller lists /interactions/
      And /interactions/ is listed in each of these ways
        | as a client of another tenant |
      Then the new one is in the list of its owner alone
