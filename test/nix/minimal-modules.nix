# A small evaluator of modules in the manner of NixOS's, for tests where no nixpkgs can be had. What it has behaves as in
# nixpkgs (whose `lib` evaluates the same modules to the same derivations); what it lacks is an error, never a silent
# difference.
#
#   { lib, evalModules }: evalModules { modules, specialArgs ? { } } gives { config, options, extendModules, type }.
#
# It knows: modules as files, functions and attribute sets; imports (each file once); options of the types below, apply,
# readOnly; mkIf, mkMerge, mkOverride and its kin, mkOrder and its kin; freeformType; submodules; errors for what is not
# declared, not defined, of a wrong type or defined twice.
let
  inherit (builtins)
    all
    any
    attrNames
    attrValues
    concatLists
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    functionArgs
    genericClosure
    head
    isAttrs
    isBool
    isFloat
    isFunction
    isInt
    isList
    isPath
    isString
    length
    listToAttrs
    mapAttrs
    removeAttrs
    replaceStrings
    sort
    stringLength
    substring
    tail
    toString
    typeOf
    ;

  # -- lists and sets ------------------------------------------------------------------------------------------------
  optional = condition: value: if condition then [ value ] else [ ];
  unique = foldl' (seen: value: if elem value seen then seen else seen ++ [ value ]) [ ];
  imap0 = f: list: builtins.genList (n: f n (elemAt list n)) (length list);
  nameValuePair = name: value: { inherit name value; };
  filterAttrs = keep: set: listToAttrs (concatMap (name: optional (keep name set.${name}) (nameValuePair name set.${name})) (attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  attrByPath = path: default: set: if path == [ ] then set else if isAttrs set && set ? ${head path} then attrByPath (tail path) default set.${head path} else default;
  hasAttrByPath = path: set: path == [ ] || (isAttrs set && set ? ${head path} && hasAttrByPath (tail path) set.${head path});
  setAttrByPath = path: value: if path == [ ] then value else { ${head path} = setAttrByPath (tail path) value; };
  recursiveUpdate = a: b: if isAttrs a && isAttrs b then a // mapAttrs (name: value: if a ? ${name} then recursiveUpdate a.${name} value else value) b else b;
  # zip [ { a = 1; } { a = 2; } ] is { a = [ 1 2 ]; }
  zip = sets: builtins.zipAttrsWith (_: values: values) sets;
  toList = value: if isList value then value else [ value ];
  showLocation = concatStringsSep ".";
  showValue =
    value:
    if isString value || isInt value || isBool value || value == null then
      builtins.toJSON value
    else if isList value then
      "a list"
    else if isAttrs value then
      "a set"
    else
      "a ${typeOf value}";

  # -- what a definition may be wrapped in ---------------------------------------------------------------------------
  hasType = type: value: isAttrs value && (value._type or null) == type;
  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkMerge = contents: { _type = "merge"; inherit contents; };
  mkOverride = priority: content: { _type = "override"; inherit priority content; };
  mkOrder = priority: content: { _type = "order"; inherit priority content; };
  mkOption = attributes: attributes // { _type = "option"; };
  isOption = hasType "option";

  # The sets that a definition of many options is made of; a wrapping goes down to each option of them, so that no
  # condition is looked at before its option is.
  pushDown =
    value:
    if hasType "merge" value then
      concatMap pushDown value.contents
    else if hasType "if" value then
      map (mapAttrs (_: mkIf value.condition)) (pushDown value.content)
    else if hasType "override" value then
      map (mapAttrs (_: mkOverride value.priority)) (pushDown value.content)
    else
      [ value ];

  # What a definition of one option comes to when its conditions are looked at; never what is inside an override, which
  # may be a default that must not be looked at because something stronger is there.
  discharge =
    value:
    if hasType "merge" value then
      concatMap discharge value.contents
    else if hasType "if" value then
      if value.condition then discharge value.content else [ ]
    else
      [ value ];

  # Those definitions that count: of the strongest priority (the smallest number), in order.
  choose =
    definitions:
    let
      ranked = concatMap ({ file, value }: map (ranking file) (discharge value)) definitions;
      ranking = file: value: if hasType "override" value then { inherit file; inherit (value) priority; value = value.content; } else { inherit file value; priority = 100; };
      strongest = foldl' (least: { priority, ... }: if priority < least then priority else least) 1000000 ranked;
      ordering = { file, value, ... }: if hasType "order" value then { inherit file; order = value.priority; value = value.content; } else { inherit file value; order = 1000; };
    in
    sort (a: b: a.order < b.order) (map ordering (filter ({ priority, ... }: priority == strongest) ranked));

  # -> { isDefined, value }
  mergeDefinitions =
    location: type: definitions:
    let
      chosen = choose definitions;
      wrong = filter ({ value, ... }: !type.check value) chosen;
    in
    {
      isDefined = chosen != [ ];
      value =
        if wrong != [ ] then
          throw "A definition for option `${showLocation location}' is not of type `${type.description}': ${showValue (head wrong).value} (${(head wrong).file})"
        else
          type.merge location (map ({ file, value, ... }: { inherit file value; }) chosen);
    };

  # -- types ---------------------------------------------------------------------------------------------------------
  makeType = { description, check ? (_: true), merge ? mergeOne, ... }@type: type // { _type = "option-type"; inherit check merge; };
  mergeOne =
    location: definitions:
    let
      first = (head definitions).value;
    in
    if all ({ value, ... }: value == first) (tail definitions) then
      first
    else
      throw "The option `${showLocation location}' has conflicting definitions: ${concatStringsSep ", " (map ({ file, value }: "${showValue value} (${file})") definitions)}";
  mergeSets =
    element: keepUndefined: location: definitions:
    let
      byName = zip (concatMap ({ file, value }: map (mapAttrs (_: value: { inherit file value; })) (pushDown value)) definitions);
      merged = mapAttrs (name: mergeDefinitions (location ++ [ name ]) element) byName;
    in
    mapAttrs (_: { value, ... }: value) (if keepUndefined then merged else filterAttrs (_: { isDefined, ... }: isDefined) merged);
  isDerivation = value: isAttrs value && (value.type or null) == "derivation";
  isTextual = value: isString value || isPath value || isDerivation value || (isAttrs value && value ? outPath);
  integer = description: check: makeType { inherit description; check = value: isInt value && check value; };
  separatedString = separator: makeType {
    description = "string";
    check = isString;
    merge = _: definitions: concatStringsSep separator (map ({ value, ... }: value) definitions);
  };

  types = rec {
    unspecified = raw;
    raw = makeType { description = "raw value"; merge = location: definitions: if length definitions == 1 then (head definitions).value else throw "The option `${showLocation location}' is defined more than once"; };
    anything = makeType {
      description = "anything";
      merge =
        location: definitions:
        if all ({ value, ... }: isAttrs value && !isDerivation value) definitions then
          mergeSets anything true location definitions
        else if length definitions == 1 then
          (head definitions).value
        else
          mergeOne location definitions;
    };
    attrs = makeType { description = "attribute set"; check = isAttrs; merge = _: foldl' (set: { value, ... }: set // value) { }; };
    bool = makeType { description = "boolean"; check = isBool; };
    int = integer "signed integer" (_: true);
    ints = {
      positive = integer "positive integer, meaning >0" (n: n > 0);
      unsigned = integer "unsigned integer, meaning >=0" (n: n >= 0);
      between = low: high: integer "integer between ${toString low} and ${toString high} (both inclusive)" (n: n >= low && n <= high);
    };
    port = integer "16 bit unsigned integer; between 0 and 65535 (both inclusive)" (n: n >= 0 && n <= 65535);
    number = makeType { description = "signed integer or floating point number"; check = value: isInt value || isFloat value; };
    str = makeType { description = "string"; check = isString; };
    nonEmptyStr = makeType { description = "non-empty string"; check = value: isString value && builtins.match "[ \t\n]*" value == null; };
    strMatching = pattern: makeType { description = "string matching the pattern ${pattern}"; check = value: isString value && builtins.match pattern value != null; };
    lines = separatedString "\n";
    commas = separatedString ",";
    inherit separatedString;
    path = makeType { description = "absolute path"; check = value: isTextual value && substring 0 1 (toString value) == "/"; };
    pathInStore = path;
    package = makeType { description = "package"; check = value: isDerivation value || (isTextual value && substring 0 (stringLength builtins.storeDir) (toString value) == builtins.storeDir); };
    enum = values: makeType { description = "one of ${concatStringsSep ", " (map showValue values)}"; check = value: elem value values; };
    nullOr = type: makeType {
      kind = "nullOr";
      element = type;
      description = "null or ${type.description}";
      check = value: value == null || type.check value;
      merge = location: definitions: if all ({ value, ... }: value == null) definitions then null else type.merge location definitions;
    };
    either = a: b: makeType {
      description = "${a.description} or ${b.description}";
      check = value: a.check value || b.check value;
      merge =
        location: definitions:
        let
          fits = type: all ({ value, ... }: type.check value) definitions;
        in
        if fits a then a.merge location definitions else if fits b then b.merge location definitions else mergeOne location definitions;
    };
    oneOf = list: foldl' either (head list) (tail list);
    coercedTo = from: coerce: to: makeType {
      inherit (to) description;
      check = value: (from.check value && to.check (coerce value)) || to.check value;
      merge = location: definitions: to.merge location (map (definition: definition // { value = if from.check definition.value then coerce definition.value else definition.value; }) definitions);
    };
    listOf = element: makeType {
      kind = "listOf";
      inherit element;
      description = "list of ${element.description}";
      check = isList;
      merge =
        location: definitions:
        let
          elements = concatMap ({ file, value }: imap0 (n: value: mergeDefinitions (location ++ [ "[definition ${toString n}]" ]) element [ { inherit file value; } ]) value) definitions;
        in
        map ({ value, ... }: value) (filter ({ isDefined, ... }: isDefined) elements);
      empty = [ ];
    };
    attrsOf = element: makeType { kind = "attrsOf"; inherit element; description = "attribute set of ${element.description}"; check = isAttrs; merge = mergeSets element false; empty = { }; };
    lazyAttrsOf = element: makeType { kind = "lazyAttrsOf"; inherit element; description = "lazy attribute set of ${element.description}"; check = isAttrs; merge = mergeSets element true; empty = { }; };
    functionTo = result: makeType { description = "function"; check = isFunction; merge = location: definitions: argument: (mergeDefinitions location result (map (d: d // { value = d.value argument; }) definitions)).value; };
    deferredModule = makeType { description = "module"; check = value: isAttrs value || isFunction value || isTextual value; merge = _: definitions: { imports = map ({ file, value }: { _file = file; imports = [ value ]; }) definitions; }; };
    submodule = modules: submoduleWith { modules = toList modules; shorthandOnlyDefinesConfig = true; };
    submoduleWith =
      { modules, specialArgs ? { }, shorthandOnlyDefinesConfig ? false }:
      let
        asModule = { file, value }: if isAttrs value && shorthandOnlyDefinesConfig then { _file = file; config = value; } else { _file = file; imports = [ value ]; };
      in
      makeType {
        inherit modules specialArgs shorthandOnlyDefinesConfig;
        getSubOptions = prefix: (evalModules { inherit modules specialArgs prefix; }).options;
        description = "submodule";
        check = value: isAttrs value || isFunction value || isPath value;
        merge = location: definitions: (evalModules { inherit specialArgs; prefix = location; modules = [ { _module.args.name = mkOverride 1500 (elemAt location (length location - 1)); } ] ++ modules ++ map asModule definitions; }).config;
        empty = { };
        nestedEmpty = location: (evalModules { inherit specialArgs modules; prefix = location; }).config;
      };
  };

  # -- modules -------------------------------------------------------------------------------------------------------
  structure = [ "imports" "options" "config" "freeformType" "_file" "key" "_class" "meta" "disabledModules" ];

  # -> { key, file, imports, options, config, freeformType }
  readModule =
    call: fallback: module:
    let
      isFile = isPath module || isString module || (isAttrs module && module ? outPath && !(module ? config));
      loaded = if isFile then import module else module;
      set = if isFunction loaded then call loaded else loaded;
      file = set._file or (if isFile then toString module else fallback.file);
      long = set ? config || set ? options;
      stray = removeAttrs set structure;
      key = set.key or (if isFile then toString module else fallback.key);
    in
    if !isAttrs set then
      throw "${file} is no module but ${showValue set}"
    else if long && stray != { } then
      throw "Module `${file}' has the unknown attribute `${head (attrNames stray)}': where there is `config' or `options', all else belongs into them"
    else
      {
        inherit key file;
        imports = set.imports or [ ];
        options = set.options or { };
        config = if long then set.config or { } else removeAttrs set structure;
        freeformType = set.freeformType or null;
      };

  # The last one first, and each file once, as nixpkgs has it.
  collect =
    call: modules:
    let
      read = parent: imap0 (n: module: readModule call { inherit (parent) file; key = "${parent.key}:${toString n}"; } module);
      found = genericClosure {
        startSet = read { file = "<unknown-file>"; key = ""; } modules;
        operator = module: read module module.imports;
      };
    in
    foldl' (reversed: module: [ module ] ++ reversed) [ ] found;

  # declarations: [ { file, value: a tree of options } ], definitions: [ { file, value: a tree of values } ]
  # -> { options, config, unmatched: definitions without an option, each with its location }
  mergeTree =
    location: declarations: definitions:
    let
      declared = zip (map ({ file, value }: mapAttrs (_: value: { inherit file value; }) value) declarations);
      defined = zip (concatMap ({ file, value }: if isAttrs value then map (mapAttrs (_: value: { inherit file value; })) (pushDown value) else throw "`${showLocation location}' is no option but has options, and ${file} defines it as ${showValue value}") definitions);
      nodes = mapAttrs (
        name: found:
        let
          here = location ++ [ name ];
          given = defined.${name} or [ ];
        in
        if all ({ value, ... }: isOption value) found then
          { option = evalOption here (map ({ value, ... }: value) found) given; }
        else if any ({ value, ... }: isOption value) found then
          throw "`${showLocation here}' is declared both as an option and as a set of options"
        else
          { tree = mergeTree here found given; }
      ) declared;
      strangers = removeAttrs defined (attrNames declared);
    in
    {
      options = mapAttrs (_: node: node.option or node.tree.options) nodes;
      config = mapAttrs (_: node: if node ? option then node.option.value else node.tree.config) nodes;
      unmatched =
        concatLists (mapAttrsToList (name: map (definition: definition // { location = location ++ [ name ]; })) strangers)
        ++ concatMap (node: node.tree.unmatched or [ ]) (attrValues nodes);
    };

  evalOption =
    location: declarations: definitions:
    let
      # Two declarations are one option: a second one may add to what the members of a set or a list are.
      option = foldl' (a: b: a // b // (if a ? type && b ? type then { type = mergeTypes location a.type b.type; } else { })) { } declarations;
      type = option.type or types.unspecified;
      fallback = optional (option ? default) { file = "the option's default"; value = mkOverride 1500 option.default; };
      merged = mergeDefinitions location type (definitions ++ fallback);
      plain =
        if option.readOnly or false && length definitions > 1 then
          throw "The option `${showLocation location}' is read-only, but it is set more than once"
        else if merged.isDefined then
          merged.value
        else if type ? nestedEmpty then
          type.nestedEmpty location
        else if type ? empty then
          type.empty
        else
          throw "The option `${showLocation location}' was accessed but has no value defined. Try setting the option.";
    in
    option
    // {
      _type = "option";
      inherit type;
      loc = location;
      inherit (merged) isDefined;
      value = (option.apply or (value: value)) plain;
      __toString = _: showLocation location;
    };

  mergeTypes =
    location: a: b:
    if a ? modules && b ? modules then
      types.submoduleWith { modules = a.modules ++ b.modules; inherit (a) specialArgs shorthandOnlyDefinesConfig; }
    else if a ? element && b ? element && a.kind == b.kind then
      types.${a.kind} (mergeTypes location a.element b.element)
    else if a.description == b.description then
      a
    else
      throw "The option `${showLocation location}' is declared twice, as ${a.description} and as ${b.description}";

  # What `modules`, `lib` and so on are to a module function; other arguments come from `_module.args`.
  evalModules =
    { modules, specialArgs ? { }, prefix ? [ ], class ? null }:
    let
      fixed = { inherit config extendModules lib options; } // specialArgs;
      call = function: function (mapAttrs (name: _: fixed.${name} or config._module.args.${name}) (functionArgs function) // fixed);
      own = {
        key = "the evaluator";
        options._module.args = mkOption { type = types.lazyAttrsOf types.raw; };
        options._module.check = mkOption { type = types.bool; default = true; };
      };
      read = collect call ([ own ] ++ modules);
      tree = mergeTree prefix (map ({ file, options, ... }: { inherit file; value = options; }) read) (map ({ file, config, ... }: { inherit file; value = config; }) read);
      inherit (tree) options;

      # The first that is found; nixpkgs merges several.
      freeformTypes = filter (type: type != null) (map ({ freeformType, ... }: freeformType) read);
      withoutPrefix = location: foldl' (left: _: tail left) location prefix;
      strangers = map ({ file, location, value }: { inherit file; value = setAttrByPath (withoutPrefix location) value; }) tree.unmatched;
      config = if freeformTypes == [ ] then tree.config else recursiveUpdate ((head freeformTypes).merge prefix strangers) tree.config;

      # Modules see the configuration before this check: the check needs all their definitions.
      checked =
        if freeformTypes == [ ] && config._module.check && tree.unmatched != [ ] then
          let
            stranger = head tree.unmatched;
          in
          throw "The option `${showLocation stranger.location}' does not exist (${stranger.file})"
        else
          removeAttrs config [ "_module" ];

      extendModules = more: evalModules {
        modules = modules ++ more.modules or [ ];
        specialArgs = specialArgs // more.specialArgs or { };
        prefix = more.prefix or prefix;
        inherit class;
      };
    in
    {
      _type = "configuration";
      config = checked;
      inherit class extendModules options;
      inherit (config) _module;
      type = types.submoduleWith { inherit modules specialArgs; };
    };

  lib = {
    inherit (builtins)
      all any attrNames attrValues concatLists concatMap concatStringsSep elem elemAt filter foldl' functionArgs genList hasAttr head
      isAttrs isBool isFunction isInt isList isPath isString length listToAttrs mapAttrs match readFile removeAttrs replaceStrings seq
      split stringLength substring tail toJSON trace typeOf
      ;
    inherit
      attrByPath evalModules filterAttrs hasAttrByPath imap0 isDerivation isOption mapAttrs' mapAttrsToList mkIf mkMerge mkOption
      mkOrder mkOverride nameValuePair optional recursiveUpdate setAttrByPath toList types unique
      ;
    mkOptionDefault = mkOverride 1500;
    mkDefault = mkOverride 1000;
    mkImageMediaOverride = mkOverride 60;
    mkForce = mkOverride 50;
    mkVMOverride = mkOverride 10;
    mkBefore = mkOrder 500;
    mkAfter = mkOrder 1500;
    mkEnableOption = name: mkOption { type = types.bool; default = false; description = "Whether to enable ${name}."; };
    optionals = condition: list: if condition then list else [ ];
    optionalAttrs = condition: set: if condition then set else { };
    optionalString = condition: text: if condition then text else "";
    concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
    concatMapStrings = f: list: concatStringsSep "" (map f list);
    concatStrings = concatStringsSep "";
    concatMapAttrs = f: set: foldl' (merged: more: merged // more) { } (mapAttrsToList f set);
    genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
    getAttrFromPath = path: set: foldl' (set: name: set.${name}) set path;
    mergeAttrsList = foldl' (a: b: a // b) { };
    imap1 = f: imap0 (n: f (n + 1));
    last = list: elemAt list (length list - 1);
    findFirst = is: otherwise: list: let found = filter is list; in if found == [ ] then otherwise else head found;
    flatten = value: if isList value then concatMap lib.flatten value else [ value ];
    range = from: to: if from > to then [ ] else builtins.genList (n: from + n) (to - from + 1);
    partition = builtins.partition;
    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
    hasSuffix = suffix: text: let start = stringLength text - stringLength suffix; in start >= 0 && substring start (stringLength text) text == suffix;
    hasInfix = infix: text: length (builtins.split (lib.escapeRegex infix) text) > 1;
    removePrefix = prefix: text: if lib.hasPrefix prefix text then substring (stringLength prefix) (stringLength text) text else text;
    removeSuffix = suffix: text: if lib.hasSuffix suffix text then substring 0 (stringLength text - stringLength suffix) text else text;
    splitString = separator: text: filter isString (builtins.split (lib.escapeRegex separator) text);
    escape = characters: replaceStrings characters (map (character: "\\${character}") characters);
    escapeRegex = lib.escape [ "\\" "[" "{" "(" ")" "^" "$" "?" "*" "+" "|" "." ];
    escapeShellArg = value: if builtins.match "[[:alnum:],._+:@%/-]+" (toString value) != null then toString value else "'${replaceStrings [ "'" ] [ "'\\''" ] (toString value)}'";
    escapeShellArgs = lib.concatMapStringsSep " " lib.escapeShellArg;
    boolToString = value: if value then "true" else "false";
    literalExpression = text: { _type = "literalExpression"; inherit text; };
    getExe = package: "${package}/bin/${package.meta.mainProgram or package.name}";
    makeBinPath = lib.concatMapStringsSep ":" (package: "${package}/bin");
    getBin = package: package.bin or package;
    versionAtLeast = a: b: builtins.compareVersions a b >= 0;
    versionOlder = a: b: builtins.compareVersions a b < 0;
    min = a: b: if a < b then a else b;
    max = a: b: if a > b then a else b;
    id = value: value;
    const = value: _: value;
    throwIf = condition: message: if condition then throw message else lib.id;
    warn = message: builtins.trace "warning: ${message}";
      };
in
{
  inherit lib evalModules;
}
