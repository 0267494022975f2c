# For flakes and scripts. `host` is a member of `nixosConfigurations`.
rec {
  # The host's configuration as its staging VM: what nixspec builds, and `.config` to look at.
  #   (staging self.nixosConfigurations.web { memory = 4096; }).system.build.vm
  staging =
    host: settings:
    (host.extendModules {
      modules = [
        {
          virtualisation.vmVariant = {
            imports = [
              ./vm.nix
              { nixspec.vm = settings; }
            ];
            nixspec.vm.enable = true;
          };
        }
      ];
    }).config.virtualisation.vmVariant;

  # The VM itself, with its start script bin/run-‹host›-vm.
  vm = host: settings: (staging host settings).system.build.vm;
}
