"""The Pod Security Standards: what a pod may ask of its machine at the levels baseline and restricted.

Namespaces choose a level by labels, and app/apiserver/admission/pod_security.py obeys them. The newest version of each
check counts. Models kubernetes/staging/src/k8s.io/pod-security-admission/policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

Spec = Mapping[str, Any]
Check = Callable[[Spec], str]
"""Why a pod with this spec is not of the level, with the reason in front; "" if it is."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CAPABILITIES = _names(
    """
    AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT
    """
)
_SYSCTLS = _names(
    """
    kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports
    net.ipv4.ip_unprivileged_port_start net.ipv4.ping_group_range net.ipv4.tcp_fin_timeout
    net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_keepalive_time
    net.ipv4.tcp_rmem net.ipv4.tcp_syncookies net.ipv4.tcp_wmem
    """
)
_VOLUMES = _names("configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret")
_SELINUX_TYPES = frozenset(("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"))
_PROFILES = ("Localhost", "RuntimeDefault")


def violations(level: str, spec: Spec) -> str:
    """What a pod with this spec does that the level forbids, in one line; "" if nothing."""
    return ", ".join(why for check in _LEVELS.get(level, ()) if (why := check(spec)))


# ------------------------------------------------------------------------------------------------- baseline


def _app_armor(spec: Spec) -> str:
    setters, values = _setters(spec, "appArmorProfile", lambda profile: profile.get("type") not in _PROFILES)
    types = sorted({value["type"] for value in values})
    profiles = _many(types, "forbidden AppArmor profile")
    return f"{profiles} ({setters} must not set AppArmor profile type to {_quoted(types)})" if setters else ""


def _capabilities(spec: Spec) -> str:
    added = {each["name"]: set(_capability(each, "add")) - _CAPABILITIES for each in _containers(spec)}
    bad = [name for name, more in added.items() if more]
    more = _quoted(sorted(set().union(*added.values())))
    where = f"must not include {more} in securityContext.capabilities.add"
    return f"non-default capabilities ({_named(bad)} {where})" if bad else ""


def _host_namespaces(spec: Spec) -> str:
    shared = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    return f"host namespaces ({', '.join(shared)})" if shared else ""


def _host_paths(spec: Spec) -> str:
    paths = [volume["name"] for volume in spec.get("volumes") or () if "hostPath" in volume]
    return f"hostPath volumes ({_many(paths, 'volume')} {_quoted(paths)})" if paths else ""


def _host_ports(spec: Spec) -> str:
    used = {
        each["name"]: [str(port["hostPort"]) for port in each.get("ports") or () if port.get("hostPort")]
        for each in _containers(spec)
    }
    bad = [name for name, ports in used.items() if ports]
    ports = sorted({port for several in used.values() for port in several})
    return f"hostPort ({_named(bad)} {_uses(bad)} {_many(ports, 'hostPort')} {', '.join(ports)})" if bad else ""


def _probe_hosts(spec: Spec) -> str:
    asked = {each["name"]: set(_hosts(each)) for each in _containers(spec)}
    bad = sorted(name for name, hosts in asked.items() if hosts)
    hosts = sorted(set().union(*asked.values()))
    what = f"{_many(hosts, 'probe or lifecycle host')} {_quoted(hosts)}"
    return f"probe or lifecycle host ({_named(bad)} {_uses(bad)} {what})" if bad else ""


def _hosts(container: Spec) -> Iterator[str]:
    lifecycle = container.get("lifecycle") or {}
    probes = [container.get(field) for field in ("livenessProbe", "readinessProbe", "startupProbe")]
    for handler in (*probes, lifecycle.get("postStart"), lifecycle.get("preStop")):
        for field in ("httpGet", "tcpSocket"):
            if host := ((handler or {}).get(field) or {}).get("host"):
                yield host


def _privileged(spec: Spec) -> str:
    bad = [each["name"] for each in _containers(spec) if _context(each).get("privileged")]
    return f"privileged ({_named(bad)} must not set securityContext.privileged=true)" if bad else ""


def _proc_mount(spec: Spec) -> str:
    mounts = {each["name"]: _context(each).get("procMount", "Default") for each in _containers(spec)}
    bad = [name for name, mount in mounts.items() if mount != "Default"]
    kinds = _quoted(sorted({mounts[name] for name in bad}))
    return f"procMount ({_named(bad)} must not set securityContext.procMount to {kinds})" if bad else ""


def _selinux(spec: Spec) -> str:
    def is_bad(options: Spec) -> bool:
        return options.get("type", "") not in _SELINUX_TYPES or bool(options.get("user") or options.get("role"))

    setters, values = _setters(spec, "seLinuxOptions", is_bad)
    types = sorted({value["type"] for value in values if value.get("type", "") not in _SELINUX_TYPES})
    said = [f"{_many(types, 'type')} {_quoted(types)}"] if types else []
    said += [f"{field} may not be set" for field in ("user", "role") if any(value.get(field) for value in values)]
    forbidden = f"{setters} set forbidden securityContext.seLinuxOptions: {'; '.join(said)}"
    return f"seLinuxOptions ({forbidden})" if setters else ""


def _seccomp(spec: Spec) -> str:
    setters, values = _setters(spec, "seccompProfile", lambda profile: profile.get("type") not in _PROFILES)
    types = _quoted(sorted({value["type"] for value in values}))
    return f"seccompProfile ({setters} must not set securityContext.seccompProfile.type to {types})" if setters else ""


def _sysctls(spec: Spec) -> str:
    names = [each["name"] for each in _context(spec).get("sysctls") or () if each["name"] not in _SYSCTLS]
    return f"forbidden sysctls ({', '.join(names)})" if names else ""


# ----------------------------------------------------------------------------------------------- restricted


def _escalation(spec: Spec) -> str:
    bad = [each["name"] for each in _containers(spec) if _context(each).get("allowPrivilegeEscalation") is not False]
    must = "must set securityContext.allowPrivilegeEscalation=false"
    return f"allowPrivilegeEscalation != false ({_named(bad)} {must})" if bad else ""


def _few_capabilities(spec: Spec) -> str:
    keeps = [each["name"] for each in _containers(spec) if "ALL" not in _capability(each, "drop")]
    added = {each["name"]: set(_capability(each, "add")) - {"NET_BIND_SERVICE"} for each in _containers(spec)}
    adds, more = [name for name, several in added.items() if several], sorted(set().union(*added.values()))
    said = [f'{_named(keeps)} must set securityContext.capabilities.drop=["ALL"]'] if keeps else []
    if adds:
        said.append(f"{_named(adds)} must not include {_quoted(more)} in securityContext.capabilities.add")
    return f"unrestricted capabilities ({'; '.join(said)})" if said else ""


def _few_volumes(spec: Spec) -> str:
    kinds = {volume["name"]: next(iter(volume.keys() - {"name"}), "emptyDir") for volume in spec.get("volumes") or ()}
    bad = [name for name, kind in kinds.items() if kind not in _VOLUMES]
    types = sorted({kinds[name] for name in bad})
    what = f"{_uses(bad)} {_many(types, 'restricted volume type')} {_quoted(types)}"
    return f"restricted volume types ({_many(bad, 'volume')} {_quoted(bad)} {what})" if bad else ""


def _not_root(spec: Spec) -> str:
    setters, _ = _setters(spec, "runAsNonRoot", lambda value: value is False)
    if setters:
        return f"runAsNonRoot != true ({setters} must not set securityContext.runAsNonRoot=false)"
    silent = _silent(spec, "runAsNonRoot")
    return (
        f"runAsNonRoot != true (pod or {_named(silent)} must set securityContext.runAsNonRoot=true)" if silent else ""
    )


def _not_zero(spec: Spec) -> str:
    setters, _ = _setters(spec, "runAsUser", lambda value: value == 0)
    return f"runAsUser=0 ({setters} must not set runAsUser=0)" if setters else ""


def _with_seccomp(spec: Spec) -> str:
    silent = _silent(spec, "seccompProfile")
    must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return _seccomp(spec) or (f"seccompProfile (pod or {_named(silent)} {must})" if silent else "")


def _on_the_machine(check: Check) -> Check:
    """Of no concern to a pod in a user namespace of its own."""
    return lambda spec: "" if spec.get("hostUsers") is False else check(spec)


_LEVELS: Mapping[str, Sequence[Check]] = {
    "baseline": (
        _app_armor,
        _capabilities,
        _host_namespaces,
        _host_paths,
        _host_ports,
        _probe_hosts,
        _privileged,
        _on_the_machine(_proc_mount),
        _selinux,
        _seccomp,
        _sysctls,
    ),
    "restricted": (
        _app_armor,
        _host_namespaces,
        _host_ports,
        _probe_hosts,
        _privileged,
        _selinux,
        _sysctls,
        _escalation,
        _few_capabilities,
        _proc_mount,
        _few_volumes,
        _on_the_machine(_not_root),
        _on_the_machine(_not_zero),
        _with_seccomp,
    ),
}
"""In upstream's order, which is that of what each says."""


# ------------------------------------------------------------------------------------- looking and wording


def _containers(spec: Spec) -> list[Spec]:
    return [each for part in ("initContainers", "containers", "ephemeralContainers") for each in spec.get(part) or ()]


def _context(of: Spec) -> Spec:
    context: Spec = of.get("securityContext") or {}
    return context


def _capability(container: Spec, what: str) -> Sequence[str]:
    names: Sequence[str] = (_context(container).get("capabilities") or {}).get(what) or ()
    return names


def _setters(spec: Spec, field: str, is_bad: Callable[[Any], bool]) -> tuple[str, list[Any]]:
    """Who sets a field of the security context badly, `pod and container "a"`, and those values."""
    values = [
        ("", _context(spec).get(field)),
        *((each["name"], _context(each).get(field)) for each in _containers(spec)),
    ]
    bad = [(name, value) for name, value in values if value is not None and is_bad(value)]
    names = [name for name, _ in bad if name]
    who = [*(["pod"] if any(not name for name, _ in bad) else []), *([_named(names)] if names else [])]
    return " and ".join(who), [value for _, value in bad]


def _silent(spec: Spec, field: str) -> list[str]:
    """The containers for which neither they nor their pod say it."""
    if _context(spec).get(field):
        return []
    return [each["name"] for each in _containers(spec) if _context(each).get(field) is None]


def _many(things: Sequence[str], word: str) -> str:
    return word if len(things) == 1 else f"{word}s"


def _uses(who: Sequence[str]) -> str:
    return "uses" if len(who) == 1 else "use"


def _named(containers: Sequence[str]) -> str:
    return f"{_many(containers, 'container')} {_quoted(containers)}"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)
