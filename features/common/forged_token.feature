@judge:vendor @vendor:athelas @vendor:scribe @vendor:corti
Feature: A token that the vendor did not issue opens nothing

  Rule: The signature is checked, by the algorithm that the vendor has chosen

    @id:JWT-02
    Scenario: A token without a signature
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | with alg none                   |
        | with alg None                   |
        | with alg NONE                   |
        | with alg nONE                   |
        | with alg none and its signature |
      Then the vendor refuses each of them

    @id:JWT-05
    Scenario: A token whose payload or signature was changed
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | with another subject                      |
        | with a later end                          |
        | with one more claim                       |
        | with another first letter of the signature |
        | with another letter amid the signature    |
        | with another last letter of the signature |
        | with half of the signature                |
        | with an empty signature                   |
        | without its third part                    |
        | with a fourth part                        |
        | signed with an empty secret               |
        | signed with a guessed secret              |
      Then the vendor refuses each of them

    @id:JWT-04
    Scenario: A token that is signed with what the vendor publishes
      Given each kind of token has been accepted
      And the vendor's key set has been read
      When each of these tokens is shown in its place
        | signed with the public key in PEM                              |
        | signed with the public key in PEM without the last line end        |
        | signed with the public key in PKCS#1 PEM                       |
        | signed with the public key in PKCS#1 PEM without the last line end |
        | signed with the public key in DER                              |
        | signed with the public key in PKCS#1 DER                       |
        | signed with the modulus                                        |
        | signed with the JWK                                            |
        | signed with the certificate                                    |
      Then the vendor refuses each of them

  Rule: The key is the vendor's own, whatever the token says

    @id:JWT-28
    Scenario: A token that brings its own key
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | with a key of ours in jwk                |
        | with a key of ours in jwk beside the kid |
        | with a certificate of ours in x5c        |
        | with a shared secret of ours in jwk      |
        | signed with a key of ours, without a kid |
        | signed with a key of ours, with a kid that nobody knows |
      Then the vendor refuses each of them

    @id:JWT-17
    Scenario: A token that says where its key is
      Given each kind of token has been accepted
      And a listener of ours can be reached by the vendor
      When each of these tokens is shown in its place
        | with a jku of ours                     |
        | with a jku of ours over TLS            |
        | with an x5u of ours                    |
        | with a kid that is an address of ours  |
        | with a kid that is a path              |
        | with a kid that is SQL                 |
      And the listener has been asked by us alone, or by the vendor too
      Then the vendor refuses each of them and fetches nothing

  Rule: A token of another kind is no access token

    @id:JWT-18
    Scenario: The other tokens of a reply
      Given each kind of token has been accepted
      When each of these tokens is shown in its place
        | with the id token      |
        | with the refresh token |
      Then the vendor refuses each of them
