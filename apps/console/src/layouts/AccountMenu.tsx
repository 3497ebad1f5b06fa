import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { BookOpen, LogOut, User } from "lucide-react";
import { useEffect, useRef } from "react";
import { request } from "../api/client.ts";
import { messageOf } from "../api/errors.ts";
import { shortHash } from "../chain/format.ts";
import { toast } from "../ui/toast.ts";
import { useSession } from "./use-team.ts";

/** Who is signed in, their teams, the way out. A disclosure: opened and closed by keyboard like any other. */
export function AccountMenu() {
  const session = useSession();
  const router = useRouter();
  const queries = useQueryClient();
  const element = useRef<HTMLDetailsElement>(null);
  const signOut = useMutation({
    mutationFn: () => request<void>("/session", { method: "DELETE" }),
    onSuccess: () => {
      queries.clear();
      void router.navigate({ to: "/sign-in" });
    },
    onError: (error) => toast({ tone: "bad", text: messageOf(error) }),
  });

  useEffect(() => {
    const close = (event: Event) => {
      const menu = element.current;
      if (menu === null || !menu.open) return;
      const inside = event.target instanceof Node && menu.contains(event.target);
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !inside) menu.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);

  if (session === null) return null;
  return (
    <details className="menu" ref={element}>
      <summary className="button plain" aria-label={`Account: ${session.user.name}`}>
        <User size={16} aria-hidden="true" />
        <span className="menu-name">{session.user.name}</span>
      </summary>
      <div className="menu-panel card">
        <p className="small quiet">
          {session.user.address === null ? "Signed in by local link" : shortHash(session.user.address)}
        </p>
        <ul>
          {session.teams.map((team) => (
            <li key={team.id}>
              <Link
                to="/teams/$team"
                params={{ team: team.id }}
                onClick={() => {
                  if (element.current !== null) element.current.open = false;
                }}
              >
                {team.name}
                <span className="faint"> {team.role}</span>
              </Link>
            </li>
          ))}
        </ul>
        <a className="button plain" href="/docs/">
          <BookOpen size={15} aria-hidden="true" />
          Documentation
        </a>
        <button type="button" className="button plain" onClick={() => signOut.mutate()}>
          <LogOut size={15} aria-hidden="true" />
          Sign out
        </button>
      </div>
    </details>
  );
}
