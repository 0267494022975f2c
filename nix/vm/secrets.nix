# Secrets. The VM has none of production's: its host key is another, so that nothing could be decrypted, and should not be.
# In place of what agenix and sops-nix install, files with the declared path, owner and mode are written, with a content
# that is no secret. The options stay as they are (`config.age.secrets.‹name›.path`); only the installers are others.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    any
    attrNames
    attrValues
    concatMapStrings
    concatStrings
    escapeShellArg
    filter
    filterAttrs
    mapAttrsToList
    mkIf
    mkMerge
    mkOption
    mkVMOverride
    optionalAttrs
    types
    ;
  cfg = config.nixspec.vm;
  isDummy = cfg.enable && cfg.secrets == "dummy";

  # Shell text that prints a secret's content.
  contentOf =
    name: path:
    if cfg.secretScripts ? ${name} then
      "( ${cfg.secretScripts.${name}}\n)"
    else
      "printf %s ${escapeShellArg (cfg.secretValues.${name} or (if isPassword path then "!" else "nixspec-dummy-${name}"))}";
  # A word that is no hash would be taken for one; "!" is no password at all (shadow(5)).
  isPassword = path: any (user: (user.hashedPasswordFile or null) == path) (attrValues (config.users.users or { }));

  install = name: { path, mode, ... }: ''
    mkdir -p "$(dirname ${escapeShellArg path})"
    rm -f ${escapeShellArg path}
    (umask 077; ${contentOf name path} >${escapeShellArg path})
    chmod ${mode} ${escapeShellArg path}
  '';
  own = owner: path: "chown ${escapeShellArg owner} ${escapeShellArg path}\n";

  # agenix (modules/age.nix)
  ageSecrets = config.age.secrets or { };
  # A link to a generation where the real installer has run before.
  ageInstall = ''
    [ ! -L ${config.age.secretsDir} ] || rm ${config.age.secretsDir}
    mkdir -p ${config.age.secretsDir}
  ''
  + concatStrings (mapAttrsToList install ageSecrets);
  ageOwn = concatMapStrings (secret: own "${secret.owner}:${secret.group}" secret.path) (attrValues ageSecrets);

  # sops-nix (modules/sops)
  sopsSecrets = config.sops.secrets or { };
  sopsForUsers = filterAttrs (_: secret: secret.neededForUsers) sopsSecrets;
  sopsRegular = filterAttrs (_: secret: !secret.neededForUsers) sopsSecrets;
  sopsOwner =
    { owner, uid, group, gid, ... }:
    "${if owner != null then owner else toString uid}:${if group != null then group else toString gid}";
  sopsInstall =
    folder: secrets:
    ''
      [ ! -L ${folder} ] || rm ${folder}
      mkdir -p ${folder}
    ''
    + concatStrings (mapAttrsToList install secrets)
    + concatMapStrings (secret: own (sopsOwner secret) secret.path) (attrValues secrets);
  # Each mention of a secret in a template is replaced by the secret's content, as it is in its file.
  sopsRender = template: ''
    content=$(cat ${template.file}; echo .)
    ${concatStrings (
      mapAttrsToList (name: secret: ''
        secret=$(cat ${escapeShellArg secret.path}; echo .)
        secret=''${secret%.}
        content=''${content//${escapeShellArg (toString config.sops.placeholder.${name})}/"$secret"}
      '') sopsRegular
    )}mkdir -p "$(dirname ${escapeShellArg template.path})"
    (umask 077; printf %s "''${content%.}" >${escapeShellArg template.path})
    chmod ${template.mode} ${escapeShellArg template.path}
    ${own (sopsOwner template) template.path}'';
  sopsUsers = sopsInstall "/run/secrets-for-users" sopsForUsers;
  sopsAll = sopsInstall "/run/secrets" sopsRegular + concatMapStrings sopsRender (attrValues (config.sops.templates or { }));

  # Where systemd makes the users, both install by a service in place of an activation script.
  usersBySystemd = (config.systemd.sysusers.enable or false) || (config.services.userborn.enable or false);
  sopsBySystemd = config.sops.useSystemdActivation or usersBySystemd;
  script = text: { text = mkVMOverride text; };
  service = name: text: {
    serviceConfig.ExecStart = mkVMOverride [ "${pkgs.writeShellScript "nixspec-${name}" ''
      export PATH=${lib.makeBinPath [ pkgs.coreutils ]}
      ${text}''}" ];
  };
in
{
  options.nixspec.vm = {
    secrets = mkOption {
      type = types.enum [ "dummy" "none" ];
      default = "dummy";
      description = "`dummy`: files without secrets in place of those of agenix and sops-nix. `none`: nothing is done about secrets; their installers run, and find no key of theirs in the VM.";
    };
    secretValues = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        "mail-password" = "not-the-real-one";
        "app.env" = "TOKEN=none\nMODE=test\n";
      };
      description = ''
        What is in the dummies of these secrets, where the format matters. It ends in the Nix store, which everybody can
        read. The others have `nixspec-dummy-‹name›`, and those that are a user's password file `!`, no password.
      '';
    };
    secretScripts = mkOption {
      type = types.attrsOf types.lines;
      default = { };
      example = lib.literalExpression ''{ tls-key = "''${pkgs.openssl}/bin/openssl ecparam -name prime256v1 -genkey"; }'';
      description = "Shell commands that print what is in the dummies of these secrets; they run in the VM at boot. For keys and pairs, which are best made anew.";
    };
  };

  config = mkMerge [
    {
      assertions =
        let
          names = attrNames ageSecrets ++ attrNames sopsSecrets;
          unknown = filter (name: !builtins.elem name names) (attrNames (cfg.secretValues // cfg.secretScripts));
        in
        map (name: {
          assertion = !isDummy;
          message = "nixspec.vm: neither agenix nor sops-nix has a secret `${name}'; they have: ${lib.concatStringsSep ", " names}";
        }) unknown;
    }
    (optionalAttrs (options ? age && options ? system) (
      mkIf (isDummy && ageSecrets != { }) (mkMerge [
        (mkIf (!usersBySystemd) {
          system.activationScripts = {
            agenixNewGeneration = script "";
            agenixInstall = script ageInstall;
            agenixChown = script ageOwn;
          };
        })
        (mkIf usersBySystemd { systemd.services.agenix-install-secrets = service "agenix" (ageInstall + ageOwn); })
      ])
    ))
    (optionalAttrs (options ? sops && options ? system) (
      mkIf (isDummy && sopsSecrets != { }) (mkMerge [
        { sops.age.generateKey = mkVMOverride false; }
        (mkIf (sopsRegular != { } && !sopsBySystemd) { system.activationScripts.setupSecrets = script sopsAll; })
        (mkIf (sopsRegular != { } && sopsBySystemd) { systemd.services.sops-install-secrets = service "sops" sopsAll; })
        # Those for users do not follow `useSystemdActivation`.
        (mkIf (sopsForUsers != { } && !usersBySystemd) { system.activationScripts.setupSecretsForUsers = script sopsUsers; })
        (mkIf (sopsForUsers != { } && usersBySystemd) {
          systemd.services.sops-install-secrets-for-users = service "sops-for-users" sopsUsers;
        })
      ])
    ))
  ];
}
