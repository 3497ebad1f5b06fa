import { useState } from "react";
import type { Preset } from "../../form/schema.ts";

/** Starting points. Choosing one sets every field. */
export function Presets(props: { readonly presets: readonly Preset[]; readonly onChoose: (preset: Preset) => void }) {
  const [chosen, setChosen] = useState(props.presets[0]?.id);
  return (
    <fieldset>
      <legend className="visually-hidden">Start from</legend>
      <div className="presets">
        {props.presets.map((preset) => (
          <label key={preset.id} className="choice">
            <input
              type="radio"
              name="preset"
              checked={preset.id === chosen}
              onChange={() => {
                setChosen(preset.id);
                props.onChoose(preset);
              }}
            />
            <span>
              <strong>{preset.title}</strong>
              <span className="small quiet choice-text">{preset.description}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
