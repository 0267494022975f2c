# State. A VM starts with an empty disk. What production's services have lived with for years is brought in by a seed,
# before they start; paths that survive on production's own file systems are on the VM's disk.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    attrNames
    genAttrs
    mkIf
    mkMerge
    mkOption
    optionalAttrs
    optionals
    types
    ;
  cfg = config.nixspec.vm;
  seed = toString cfg.seed;
  name = baseNameOf seed;
  target = "/nixspec/seed";
  persistent =
    attrNames (config.environment.persistence or { }) ++ attrNames (config.preservation.preserveAt or { });
in
{
  options.nixspec.vm = {
    seed = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/home/me/seeds/web.tar.zst";
      description = ''
        What the VM's disk is filled with, once, before services start: a path on the machine that runs the VM. A directory
        or a tar archive (.tar, .tar.gz, .tgz, .tar.zst, .tar.xz) is unpacked into `/`, with owners and modes: an archive's by
        users' names, a directory's by numbers, and files of an ordinary user get the owner of the directory in the VM that
        they come into. Anything else is a shell script that is run in the VM as root, in the directory that it lies in.
      '';
    };
    seedAfter = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "postgresql.service" ];
      description = "Units after which the seed is brought in, in place of before all services. For dumps that a database reads in.";
    };
    seedBefore = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "app.service" ];
      description = "Units that wait for the seed; without {option}`nixspec.vm.seedAfter` all do.";
    };
    persistence = mkOption {
      type = types.enum [ "disk" "tmpfs" ];
      default = "disk";
      description = ''
        Where the paths of impermanence (`environment.persistence`) and preservation (`preservation.preserveAt`) are, since
        production's file systems are not in the VM. `disk`: directories on the VM's own disk. `tmpfs`: file systems of
        their own in memory, empty at each boot.
      '';
    };
  };

  config = mkIf cfg.enable (mkMerge [
    (optionalAttrs (options.virtualisation ? fileSystems) {
      virtualisation.fileSystems = mkIf (cfg.persistence == "tmpfs") (
        genAttrs persistent (_: {
          device = "tmpfs";
          fsType = "tmpfs";
          options = [ "mode=0755" ];
          neededForBoot = true;
        })
      );
    })
    (mkIf (cfg.seed != null) {
      # The directory that it lies in, so that a script finds what lies beside it. Not by `sharedDirectories`: what those
      # name, root in the VM may write to, which would be a way out of it.
      virtualisation.qemu.options = [
        "-virtfs ${lib.escapeShellArg "local,path=${lib.replaceStrings [ "," ] [ ",," ] (dirOf seed)},security_model=none,readonly=on,mount_tag=nixspec-seed"}"
      ];
      systemd.services.nixspec-seed = {
        description = "State of this VM";
        wantedBy = [ (if cfg.seedAfter == [ ] then "sysinit.target" else "multi-user.target") ];
        before = cfg.seedBefore ++ optionals (cfg.seedAfter == [ ]) [ "sysinit.target" ];
        # Owners are known by then.
        after = cfg.seedAfter ++ [
          "local-fs.target"
          "systemd-sysusers.service"
          "userborn.service"
        ];
        requires = cfg.seedAfter;
        unitConfig = {
          # Once for a disk: one that is kept has its own state by then.
          ConditionPathExists = [ "!/var/lib/nixspec/seeded" ];
        }
        // optionalAttrs (cfg.seedAfter == [ ]) { DefaultDependencies = false; };
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
        restartIfChanged = false;
        path = map (tool: pkgs.${tool}) [ "gnutar" "gzip" "util-linux" "xz" "zstd" ];
        script = ''
          mkdir -p ${target}
          mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro nixspec-seed ${target}
          cd ${target}
          seed=./${lib.escapeShellArg name}
          # Directories that the VM has already keep their owner and mode: who packed a seed seldom means them, least of all /.
          # By users' names where the archive has them: numbers are given anew on each machine.
          unpack() {
            tar --extract --same-permissions --no-overwrite-dir --keep-directory-symlink --directory / "$@"
          }
          case $seed in
            *.tar | *.tar.gz | *.tgz | *.tar.zst | *.tar.xz) unpack --file "$seed" ;;
            *)
              if [ -d "$seed" ]; then
                cd "$seed"
                owner=$(stat --format %u .)
                # The topmost of what the VM has not.
                new=$(mktemp --tmpdir=/run)
                find . -mindepth 1 -exec /bin/sh -c '[ ! -d "/$1" ] || [ ! -d "$1" ]' sh {} \; -prune -print0 >"$new"
                tar --create --numeric-owner . | unpack --numeric-owner
                # What belongs to an ordinary user of the runner has no owner that means anything here: it gets that of
                # the directory that it lies in.
                if [ "$owner" != 0 ]; then
                  xargs --null --no-run-if-empty --max-args 1 /bin/sh -c 'chown --recursive --no-dereference --from="$0" --reference="/''${1%/*}" "/$1"' "$owner" <"$new"
                fi
                rm "$new"
              else
                /bin/sh "$seed"
              fi
              ;;
          esac
          cd /
          umount --lazy ${target}
          mkdir -p /var/lib/nixspec
          : >/var/lib/nixspec/seeded
        '';
      };
    })
  ]);
}
